// A virtual network with a subnet for the app and one for private endpoints, and one address for what the app calls itself.

@description('Name of the virtual network.')
param name string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Addresses of the network.')
param addressPrefix string = '10.20.0.0/16'

@description('Addresses of the app\'s subnet; Flex Consumption wants at least a /27.')
param appSubnetPrefix string = '10.20.0.0/24'

@description('Addresses of the subnet of the private endpoints.')
param endpointSubnetPrefix string = '10.20.1.0/27'

resource outboundAddress 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'pip-${name}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

// Keys of token issuers and vendor APIs are on the internet; new subnets have no way out of their own.
resource gateway 'Microsoft.Network/natGateways@2024-05-01' = {
  name: 'ng-${name}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIpAddresses: [
      {
        id: outboundAddress.id
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appSubnetPrefix
          natGateway: {
            id: gateway.id
          }
          delegations: [
            {
              name: 'flex-consumption'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointSubnetPrefix
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

output id string = network.id
output appSubnetId string = network.properties.subnets[0].id
output endpointSubnetId string = network.properties.subnets[1].id
