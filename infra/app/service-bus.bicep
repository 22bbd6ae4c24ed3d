// The namespace and the queue between receiving and synchronising.

@description('Name of the namespace.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Name of the queue.')
param queueName string

@description('Tier of the namespace.')
@allowed([
  'Standard'
  'Premium'
])
param sku string

@description('Messaging units of a Premium namespace.')
param messagingUnits int

@description('How long the queue remembers message ids, as an ISO 8601 duration.')
param duplicateDetectionWindow string

@description('Whether the namespace answers on its public endpoint.')
param publicAccess bool

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: sku == 'Premium' ? {
    name: 'Premium'
    tier: 'Premium'
    capacity: messagingUnits
  } : {
    name: 'Standard'
    tier: 'Standard'
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: namespace
  name: queueName
  properties: {
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: duplicateDetectionWindow
    requiresSession: false
    // Short, because the host renews it while a handler runs (host.json): what a crashed instance held is free again soon.
    lockDuration: 'PT1M'
    maxDeliveryCount: 10
    defaultMessageTimeToLive: 'P7D'
    deadLetteringOnMessageExpiration: true
    maxSizeInMegabytes: 5120
    enablePartitioning: false
  }
}

output id string = namespace.id
output name string = namespace.name
// The endpoint is https://<namespace>:443/, with the domain of whichever Azure cloud this is.
output fullyQualifiedNamespace string = replace(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':443/', '')
