// The workbook `Castiel Webhooks` in the portal: what came in, what was refused and why, what waits, what failed.

@description('Region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Resource id of the Service Bus namespace.')
param serviceBusId string

@description('Resource id of the Cosmos DB account.')
param cosmosId string

// The workbook is a file of its own, which the portal's editor can read; resource ids are filled in here.
var withWorkspace = replace(loadTextContent('workbook.json'), '__WORKSPACE_ID__', workspaceId)
var withServiceBus = replace(withWorkspace, '__SERVICE_BUS_ID__', serviceBusId)
var serializedData = replace(withServiceBus, '__COSMOS_ID__', cosmosId)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'castiel-webhooks')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Castiel Webhooks'
    category: 'workbook'
    sourceId: workspaceId
    version: 'Notebook/1.0'
    serializedData: serializedData
  }
}
