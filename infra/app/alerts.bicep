// What an operator is told without asking: rules over the platform's metrics here, rules over logs in log-alerts.bicep.

@description('First part of the rules\' names.')
param namePrefix string

@description('Tags of the resources.')
param tags object

@description('Address that alerts are sent to. Empty: none.')
param email string

@description('Resource id of the Service Bus namespace.')
param serviceBusId string

@description('Name of the queue.')
param queueName string

@description('Resource id of the Cosmos DB account.')
param cosmosId string

@description('Resource id of the key vault.')
param keyVaultId string

@description('Messages waiting in the queue, on average over 15 minutes.')
param activeMessagesThreshold int

var metricRules = [
  {
    name: 'dead-letters'
    description: 'Messages are in the dead-letter queue: even parking the event failed, or it expired. See docs/deployment.md.'
    severity: 1
    scope: serviceBusId
    metricNamespace: 'Microsoft.ServiceBus/namespaces'
    metricName: 'DeadletteredMessages'
    dimension: 'EntityName'
    dimensionValue: queueName
    aggregation: 'Maximum'
    threshold: 0
    window: 'PT5M'
  }
  {
    name: 'queue-backlog'
    description: 'Events wait for synchronisation: more come in than go out.'
    severity: 2
    scope: serviceBusId
    metricNamespace: 'Microsoft.ServiceBus/namespaces'
    metricName: 'ActiveMessages'
    dimension: 'EntityName'
    dimensionValue: queueName
    aggregation: 'Average'
    threshold: activeMessagesThreshold
    window: 'PT15M'
  }
  {
    name: 'queue-throttled'
    description: 'Service Bus turns requests away; deliveries are answered 503. A Premium namespace, or more units of one, carries more.'
    severity: 1
    scope: serviceBusId
    metricNamespace: 'Microsoft.ServiceBus/namespaces'
    metricName: 'ThrottledRequests'
    dimension: 'EntityName'
    dimensionValue: '*'
    aggregation: 'Total'
    threshold: 10
    window: 'PT5M'
  }
  {
    name: 'cosmos-throttled'
    description: 'Cosmos DB answers 429: it is short of request units.'
    severity: 2
    scope: cosmosId
    metricNamespace: 'Microsoft.DocumentDB/databaseAccounts'
    metricName: 'TotalRequests'
    dimension: 'StatusCode'
    dimensionValue: '429'
    aggregation: 'Count'
    threshold: 100
    window: 'PT5M'
  }
  {
    name: 'vault-throttled'
    description: 'Key Vault answers 429: more secrets are read than it allows in ten seconds.'
    severity: 2
    scope: keyVaultId
    metricNamespace: 'Microsoft.KeyVault/vaults'
    metricName: 'ServiceApiResult'
    dimension: 'StatusCode'
    dimensionValue: '429'
    aggregation: 'Count'
    threshold: 10
    window: 'PT5M'
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${namePrefix}-operators'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'castiel'
    enabled: true
    emailReceivers: empty(email) ? [] : [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource metricAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in metricRules: {
    name: '${namePrefix}-${rule.name}'
    location: 'global'
    tags: tags
    properties: {
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [
        rule.scope
      ]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: rule.name
            metricNamespace: rule.metricNamespace
            metricName: rule.metricName
            dimensions: [
              {
                name: rule.dimension
                operator: 'Include'
                values: [
                  rule.dimensionValue
                ]
              }
            ]
            timeAggregation: rule.aggregation
            operator: 'GreaterThan'
            threshold: rule.threshold
          }
        ]
      }
      actions: [
        {
          actionGroupId: actionGroup.id
        }
      ]
    }
  }
]

output actionGroupId string = actionGroup.id
