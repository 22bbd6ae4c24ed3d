// A private endpoint for one service, and the DNS zone through which its usual name leads there.

@description('Name of the private endpoint.')
param name string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Subnet that the endpoint takes its address from.')
param subnetId string

@description('Virtual network in which the name is resolved.')
param networkId string

@description('The service behind the endpoint.')
param targetId string

@description('Sub-resource of the service, as Private Link names it.')
param groupId string

@description('Private DNS zone of the service.')
param zoneName string

resource zone 'Microsoft.Network/privateDnsZones@2020-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags
}

resource zoneLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = {
  parent: zone
  name: 'app-network'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: networkId
    }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: name
        properties: {
          privateLinkServiceId: targetId
          groupIds: [
            groupId
          ]
        }
      }
    ]
  }
}

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: groupId
        properties: {
          privateDnsZoneId: zone.id
        }
      }
    ]
  }
  // The app must not start before the name leads to the endpoint.
  dependsOn: [
    zoneLink
  ]
}
