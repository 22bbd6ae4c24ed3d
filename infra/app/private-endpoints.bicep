// A private endpoint for each service that the app uses.

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Virtual network in which the names are resolved.')
param networkId string

@description('Subnet that the endpoints take their addresses from.')
param subnetId string

@description('Resource id of the storage account.')
param storageId string

@description('Resource id of the Cosmos DB account.')
param cosmosId string

@description('Resource id of the key vault.')
param keyVaultId string

@description('Resource id of a Premium Service Bus namespace. Empty: a Standard one, which has no private endpoints.')
param serviceBusId string

// What Private Link calls each service, and the zone that its name is looked up in.
var services = concat([
  {
    targetId: storageId
    groupId: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
  }
  {
    targetId: cosmosId
    groupId: 'Sql'
    zoneName: 'privatelink.documents.azure.com'
  }
  {
    targetId: keyVaultId
    groupId: 'vault'
    zoneName: 'privatelink.vaultcore.azure.net'
  }
], empty(serviceBusId) ? [] : [
  {
    targetId: serviceBusId
    groupId: 'namespace'
    zoneName: 'privatelink.servicebus.windows.net'
  }
])

module endpoint 'private-endpoint.bicep' = [
  for service in services: {
    name: 'private-endpoint-${service.groupId}'
    params: {
      name: 'pe-${last(split(service.targetId, '/'))}'
      location: location
      tags: tags
      subnetId: subnetId
      networkId: networkId
      targetId: service.targetId
      groupId: service.groupId
      zoneName: service.zoneName
    }
  }
]
