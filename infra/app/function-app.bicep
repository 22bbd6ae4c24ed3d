// The function app on Flex Consumption. What other plans keep in siteConfig or app settings (runtime, scale, package) is in
// functionAppConfig here; Flex refuses ftpsState, linuxFxVersion, alwaysOn and their kin in siteConfig.

@description('Name of the function app.')
param name string

@description('Name of its plan; Flex Consumption has one app a plan.')
param planName string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource id of the identity that the app acts as.')
param identityId string

@description('Client id of the same identity.')
param identityClientId string

@description('Name of the Application Insights component.')
param insightsName string

@description('Blob endpoint of the storage account, with a slash at the end.')
param blobEndpoint string

@description('Container of the deployed package.')
param deploymentContainerName string

@description('Container of payloads too large for a queue message.')
param payloadContainerName string

@description('Endpoint of the Cosmos DB account.')
param cosmosEndpoint string

@description('Name of the Cosmos DB database.')
param cosmosDatabaseName string

@description('Host name of the Service Bus namespace.')
param serviceBusNamespace string

@description('Name of the queue.')
param queueName string

@description('Address of the key vault.')
param keyVaultUri string

@description('Subnet that the app sends from. Empty: no virtual network.')
param subnetId string

@description('Spreads the instances over availability zones.')
param zoneRedundant bool

@description('Memory of an instance in MB.')
param instanceMemoryMB int

@description('The most instances that the app scales to.')
param maximumInstanceCount int

@description('Instances that are always ready for HTTP.')
param alwaysReadyHttpInstances int

@description('Instances that are always ready to drain the queue.')
param alwaysReadyQueueInstances int

@description('Requests that one instance handles at a time.')
param httpPerInstanceConcurrency int

@description('Address that providers call. Empty: the app\'s own host name.')
param publicBaseUrl string

@description('API tokens by name: hashes only.')
@secure()
param apiTokens object

@description('Issuer of JWTs for the management API. Empty: none.')
param oidcIssuer string

@description('Audience that a JWT must name.')
param oidcAudience string

@description('Where the issuer publishes its keys.')
param oidcJwksUrl string

@description('Claim that names the tenant.')
param oidcTenantClaim string

@description('Tenant id by claim value.')
param oidcTenantMap object

@description('NCRONTAB schedule (UTC) of the timers of health and of gaps.')
param healthSchedule string

@description('Schedule of the timers that renew what was set up at providers, and that send alerts.')
param hooksSchedule string

@description('The least serious log lines that are written.')
param logLevel string

@description('How many days delivery records and sync tasks are kept.')
param deliveryRetentionDays int

@description('Sync engine that tasks are forwarded to. Empty: the built-in one.')
@secure()
param syncTaskServiceUrl string

@description('Further app settings by name.')
param additionalAppSettings object

// An empty value counts as absent for the app, so that optional settings need no conditions here.
var appSettings = {
  // The host's
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsDisableHomepage: 'true'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  // The host's and the app's
  ServiceBusConnection__fullyQualifiedNamespace: serviceBusNamespace
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: identityClientId
  QUEUE_NAME: queueName
  HEALTH_SCHEDULE: healthSchedule
  HOOKS_SCHEDULE: hooksSchedule
  // The app's
  CASTIEL_MODE: 'azure'
  AZURE_CLIENT_ID: identityClientId
  COSMOS_ENDPOINT: cosmosEndpoint
  COSMOS_DATABASE: cosmosDatabaseName
  KEY_VAULT_URI: keyVaultUri
  PAYLOAD_BLOB_SERVICE_URI: blobEndpoint
  PAYLOAD_CONTAINER: payloadContainerName
  PUBLIC_BASE_URL: publicBaseUrl
  API_TOKENS: string(map(items(apiTokens), token => token.value))
  OIDC_ISSUER: oidcIssuer
  OIDC_AUDIENCE: oidcAudience
  OIDC_JWKS_URL: oidcJwksUrl
  OIDC_TENANT_CLAIM: oidcTenantClaim
  OIDC_TENANT_MAP: string(oidcTenantMap)
  LOG_LEVEL: logLevel
  DELIVERY_RETENTION_DAYS: string(deliveryRetentionDays)
  SYNC_TASK_SERVICE_URL: syncTaskServiceUrl
}

// Flex scales all HTTP functions as one group, and every other function by itself.
var alwaysReadyForHttp = alwaysReadyHttpInstances == 0 ? [] : [
  {
    name: 'http'
    instanceCount: alwaysReadyHttpInstances
  }
]
var alwaysReadyForQueue = alwaysReadyQueueInstances == 0 ? [] : [
  {
    name: 'function:drain-sync-queue'
    instanceCount: alwaysReadyQueueInstances
  }
]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  // azd finds the app of the service `api` in azure.yaml by this tag.
  tags: union(tags, {
    'azd-service-name': 'api'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${deploymentContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: '24'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: concat(alwaysReadyForHttp, alwaysReadyForQueue)
        triggers: {
          http: {
            perInstanceConcurrency: httpPerInstanceConcurrency
          }
        }
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(additionalAppSettings, appSettings)
}

// Publishing by user name and password is off, over FTP and over HTTPS: deployments sign in with Entra ID.
resource ftpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

output name string = app.name
output uri string = 'https://${app.properties.defaultHostName}'
