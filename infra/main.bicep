// Everything that Castiel Webhooks needs in one resource group. `azd up` deploys it; docs/deployment.md says the rest.
targetScope = 'subscription'

@description('Name of the environment, for example dev or prod. Resource names are derived from it, the subscription and the region.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of every resource; it must offer Flex Consumption.')
@minLength(1)
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Name of the resource group. Empty: rg-castiel- and the environment\'s name.')
param resourceGroupName string = ''

// The app's own settings

@description('Address that providers call, with https. Set it for a custom domain only. Empty: the app\'s own host name.')
param publicBaseUrl string = ''

@description('API tokens: from a name of your choice to the entry that npm run token prints. It holds a hash, never the token itself.')
@secure()
param apiTokens object = {}

@description('Issuer of the JWTs of the management API; may hold {tenantid}. Empty: API tokens only.')
param oidcIssuer string = ''

@description('Audience that a JWT must name. Set together with the issuer.')
param oidcAudience string = ''

@description('Where the issuer publishes its keys. Set together with the issuer.')
param oidcJwksUrl string = ''

@description('Claim of the JWT that names the tenant.')
param oidcTenantClaim string = 'tid'

@description('Tenant id by claim value; needed where the issuer holds {tenantid}.')
param oidcTenantMap object = {}

@description('NCRONTAB schedule (UTC) of the timers of health and of gaps. Keep healthAlertWindow at three of its intervals.')
param healthSchedule string = '0 */5 * * * *'

@description('NCRONTAB schedule (UTC) of the timers that renew what was set up at providers, and that send alerts.')
param hooksSchedule string = '30 */5 * * * *'

@description('The least serious log lines that are written. Alert rules and the workbook go by lines of the level info.')
@allowed([
  'debug'
  'info'
  'warn'
  'error'
])
param logLevel string = 'info'

@description('How many days delivery records and sync tasks are kept.')
@minValue(1)
@maxValue(3650)
param deliveryRetentionDays int = 30

@description('Sync engine of your own that tasks are forwarded to, once its secret is in the vault. Empty: the built-in engine.')
@secure()
param syncTaskServiceUrl string = ''

@description('Further app settings by name, for the optional settings of the README that this template has no parameter for.')
param additionalAppSettings object = {}

// Function app

@description('Memory of an instance in MB; CPU and network grow with it.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('The most instances that the app scales to.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Instances that are always ready for HTTP, so that a provider never waits for a cold start.')
@minValue(0)
@maxValue(100)
param alwaysReadyHttpInstances int = 1

@description('Instances that are always ready to drain the queue. 0: the first event after a quiet time may wait for a start.')
@minValue(0)
@maxValue(100)
param alwaysReadyQueueInstances int = 0

@description('Requests that one instance handles at a time before another is added. Deliveries wait for the queue, not for the processor.')
@minValue(1)
@maxValue(1000)
param httpPerInstanceConcurrency int = 64

// Cosmos DB

@description('Name of the Cosmos DB database.')
param cosmosDatabaseName string = 'castiel'

@description('How throughput is paid for: serverless by request unit, autoscale by the hour.')
@allowed([
  'serverless'
  'autoscale'
])
param cosmosThroughput string = 'serverless'

@description('Most request units per second of each container under autoscale, in steps of 1000.')
@minValue(1000)
param cosmosMaxThroughput int = 1000

// Service Bus

@description('Name of the queue between receiving and synchronising.')
param queueName string = 'sync-events'

@description('Standard carries about 500 deliveries a second; more needs Premium, and so do private endpoints.')
@allowed([
  'Standard'
  'Premium'
])
param serviceBusSku string = 'Standard'

@description('Messaging units of a Premium namespace.')
@allowed([
  1
  2
  4
  8
  16
])
param serviceBusMessagingUnits int = 1

@description('How long the queue remembers message ids, as an ISO 8601 duration from 20 seconds to 7 days. Longer costs throughput.')
param duplicateDetectionWindow string = 'PT1M'

@description('Grants Data Owner on the queue too, for the platform alone: it scales by the queue\'s length, and reading that needs Manage.')
param grantQueueManagement bool = true

// Network and resilience

@description('Puts the app into a virtual network, with private endpoints for storage, Cosmos DB, Key Vault and a Premium Service Bus.')
param vnetEnabled bool = false

@description('Spreads the plan, storage and Cosmos DB over availability zones, where the region has them.')
param zoneRedundant bool = false

// Monitoring

@description('Address that alerts are sent to. Empty: alerts are shown in the portal only.')
param alertEmail string = ''

@description('How many days logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Time without a successful run of a timer after which an alert is raised: three intervals of healthSchedule and of hooksSchedule.')
@allowed([
  'PT15M'
  'PT30M'
  'PT1H'
  'PT3H'
])
param healthAlertWindow string = 'PT15M'

@description('Messages waiting in the queue, on average over 15 minutes, above which an alert is raised.')
@minValue(1)
param activeMessagesThreshold int = 1000

@description('Refused deliveries of one webhook within 5 minutes above which an alert is raised.')
@minValue(1)
param refusedDeliveriesThreshold int = 100

@description('Percentage of requests answered with 5xx within 15 minutes above which an alert is raised.')
@minValue(1)
@maxValue(100)
param serverErrorPercentThreshold int = 5

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
}
var names = {
  identity: 'id-castiel-${token}'
  workspace: 'log-castiel-${token}'
  insights: 'appi-castiel-${token}'
  storage: 'st${token}'
  cosmos: 'cosmos-castiel-${token}'
  serviceBus: 'sb-castiel-${token}'
  keyVault: 'kv-${token}'
  network: 'vnet-castiel-${token}'
  plan: 'plan-castiel-${token}'
  functionApp: 'func-castiel-${token}'
  alerts: 'castiel-${token}'
}
// Standard has no private endpoints; its public endpoint still takes Entra identities alone.
var queueIsPrivate = vnetEnabled && serviceBusSku == 'Premium'

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: empty(resourceGroupName) ? 'rg-castiel-${environmentName}' : resourceGroupName
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

module monitoring 'app/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: names.workspace
    insightsName: names.insights
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module storage 'app/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: names.storage
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    publicAccess: !vnetEnabled
  }
}

module cosmos 'app/cosmos.bicep' = {
  name: 'cosmos'
  scope: group
  params: {
    name: names.cosmos
    location: location
    tags: tags
    databaseName: cosmosDatabaseName
    throughput: cosmosThroughput
    maxThroughput: cosmosMaxThroughput
    zoneRedundant: zoneRedundant
    publicAccess: !vnetEnabled
  }
}

module serviceBus 'app/service-bus.bicep' = {
  name: 'service-bus'
  scope: group
  params: {
    name: names.serviceBus
    location: location
    tags: tags
    queueName: queueName
    sku: serviceBusSku
    messagingUnits: serviceBusMessagingUnits
    duplicateDetectionWindow: duplicateDetectionWindow
    publicAccess: !queueIsPrivate
  }
}

module keyVault 'app/key-vault.bicep' = {
  name: 'key-vault'
  scope: group
  params: {
    name: names.keyVault
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    publicAccess: !vnetEnabled
  }
}

module network 'app/network.bicep' = if (vnetEnabled) {
  name: 'network'
  scope: group
  params: {
    name: names.network
    location: location
    tags: tags
  }
}

module privateEndpoints 'app/private-endpoints.bicep' = if (vnetEnabled) {
  name: 'private-endpoints'
  scope: group
  params: {
    location: location
    tags: tags
    networkId: vnetEnabled ? network!.outputs.id : ''
    subnetId: vnetEnabled ? network!.outputs.endpointSubnetId : ''
    storageId: storage.outputs.id
    cosmosId: cosmos.outputs.id
    keyVaultId: keyVault.outputs.id
    serviceBusId: queueIsPrivate ? serviceBus.outputs.id : ''
  }
}

module roles 'app/roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    cosmosName: cosmos.outputs.name
    serviceBusName: serviceBus.outputs.name
    queueName: queueName
    keyVaultName: keyVault.outputs.name
    insightsName: monitoring.outputs.insightsName
    grantQueueManagement: grantQueueManagement
  }
}

module functionApp 'app/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    name: names.functionApp
    planName: names.plan
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    insightsName: monitoring.outputs.insightsName
    blobEndpoint: storage.outputs.blobEndpoint
    deploymentContainerName: storage.outputs.deploymentContainerName
    payloadContainerName: storage.outputs.payloadContainerName
    cosmosEndpoint: cosmos.outputs.endpoint
    cosmosDatabaseName: cosmosDatabaseName
    serviceBusNamespace: serviceBus.outputs.fullyQualifiedNamespace
    queueName: queueName
    keyVaultUri: keyVault.outputs.uri
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    zoneRedundant: zoneRedundant
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    alwaysReadyQueueInstances: alwaysReadyQueueInstances
    httpPerInstanceConcurrency: httpPerInstanceConcurrency
    publicBaseUrl: publicBaseUrl
    apiTokens: apiTokens
    oidcIssuer: oidcIssuer
    oidcAudience: oidcAudience
    oidcJwksUrl: oidcJwksUrl
    oidcTenantClaim: oidcTenantClaim
    oidcTenantMap: oidcTenantMap
    healthSchedule: healthSchedule
    hooksSchedule: hooksSchedule
    logLevel: logLevel
    deliveryRetentionDays: deliveryRetentionDays
    syncTaskServiceUrl: syncTaskServiceUrl
    additionalAppSettings: additionalAppSettings
  }
  // The app reads its package and its secrets by role and by name as soon as it starts.
  dependsOn: [
    roles
    privateEndpoints
  ]
}

module alerts 'app/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    namePrefix: names.alerts
    tags: tags
    email: alertEmail
    serviceBusId: serviceBus.outputs.id
    queueName: queueName
    cosmosId: cosmos.outputs.id
    keyVaultId: keyVault.outputs.id
    activeMessagesThreshold: activeMessagesThreshold
  }
}

module logAlerts 'app/log-alerts.bicep' = {
  name: 'log-alerts'
  scope: group
  params: {
    namePrefix: names.alerts
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    actionGroupId: alerts.outputs.actionGroupId
    healthAlertWindow: healthAlertWindow
    refusedDeliveriesThreshold: refusedDeliveriesThreshold
    serverErrorPercentThreshold: serverErrorPercentThreshold
  }
}

module workbook 'app/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    serviceBusId: serviceBus.outputs.id
    cosmosId: cosmos.outputs.id
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_API_NAME string = functionApp.outputs.name
output SERVICE_API_URI string = functionApp.outputs.uri
output COSMOS_ENDPOINT string = cosmos.outputs.endpoint
output SERVICE_BUS_NAMESPACE string = serviceBus.outputs.fullyQualifiedNamespace
output KEY_VAULT_URI string = keyVault.outputs.uri
output PAYLOAD_BLOB_SERVICE_URI string = storage.outputs.blobEndpoint
