// Rules over the logs. Application Insights holds the app's own lines, one JSON object each, and the host's invocations.

@description('First part of the rules\' names.')
param namePrefix string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Resource id of the action group that is told.')
param actionGroupId string

@description('Time without a successful run of a timer after which an alert is raised.')
param healthAlertWindow string

@description('Refused deliveries of one webhook within 5 minutes.')
param refusedDeliveriesThreshold int

@description('Percentage of requests answered with 5xx within 15 minutes.')
param serverErrorPercentThreshold int

var rules = [
  {
    name: 'refused-deliveries'
    description: 'Deliveries of one webhook fail verification: its secret was changed at the provider, or somebody is guessing.'
    severity: 2
    query: '''
AppTraces
| where Message has "delivery.refused"
| extend line = parse_json(Message)
| where tostring(line.event) == "delivery.refused"
| project TimeGenerated, ItemCount, registrationId = tostring(line.registrationId)
'''
    measureColumn: 'ItemCount'
    aggregation: 'Total'
    dimensions: [
      {
        name: 'registrationId'
        operator: 'Include'
        values: [
          '*'
        ]
      }
    ]
    operator: 'GreaterThan'
    threshold: refusedDeliveriesThreshold
    window: 'PT5M'
    autoMitigate: true
  }
  {
    name: 'server-errors'
    description: 'Requests are answered with 5xx: a back end is away or slow, or the app fails.'
    severity: 1
    // A handful of requests says nothing about a rate.
    query: '''
AppRequests
| where toint(ResultCode) between (100 .. 599)
| summarize failed = sumif(ItemCount, toint(ResultCode) >= 500), requests = sum(ItemCount), TimeGenerated = max(TimeGenerated)
| where requests >= 20
| project TimeGenerated, failedPercent = 100.0 * failed / requests
'''
    measureColumn: 'failedPercent'
    aggregation: 'Maximum'
    dimensions: []
    operator: 'GreaterThan'
    threshold: serverErrorPercentThreshold
    window: 'PT15M'
    autoMitigate: true
  }
  {
    name: 'health-timer-missed'
    description: 'The health timer has not run, or not to its end.'
    severity: 2
    // Its invocations, not its log line: requests are exempt from sampling (host.json).
    query: '''
AppRequests
| where OperationName == "recompute-webhook-health" and Success == true
'''
    measureColumn: ''
    aggregation: 'Count'
    dimensions: []
    operator: 'LessThan'
    threshold: 1
    window: healthAlertWindow
    autoMitigate: true
  }
  {
    name: 'health-incomplete'
    description: 'Run after run the health timer cannot look at a webhook or a tenant: nothing new is found there, and nobody is told.'
    severity: 1
    // One run that fails for somebody is made up for by the next.
    query: '''
AppTraces
| where Message has "health.not_recomputed"
| extend line = parse_json(Message)
| where tostring(line.event) == "health.not_recomputed"
| project TimeGenerated, ItemCount, unseen = coalesce(tostring(line.registrationId), tostring(line.tenantId))
'''
    measureColumn: 'ItemCount'
    aggregation: 'Total'
    dimensions: [
      {
        name: 'unseen'
        operator: 'Include'
        values: [
          '*'
        ]
      }
    ]
    operator: 'GreaterThan'
    threshold: 2
    window: 'PT30M'
    autoMitigate: true
  }
  {
    name: 'hooks-timer-missed'
    description: 'The timer that renews what was set up at providers has not run, or not to its end.'
    severity: 2
    query: '''
AppRequests
| where OperationName == "renew-provider-hooks" and Success == true
'''
    measureColumn: ''
    aggregation: 'Count'
    dimensions: []
    operator: 'LessThan'
    threshold: 1
    window: healthAlertWindow
    autoMitigate: true
  }
  {
    name: 'alert-timer-missed'
    description: 'The timer that sends alerts has not run, or not to its end: channels are told nothing.'
    severity: 1
    query: '''
AppRequests
| where OperationName == "send-alerts" and Success == true
'''
    measureColumn: ''
    aggregation: 'Count'
    dimensions: []
    operator: 'LessThan'
    threshold: 1
    window: healthAlertWindow
    autoMitigate: true
  }
  {
    name: 'queue-age'
    description: 'The oldest event has waited for ten minutes or more each time that the health timer looked.'
    severity: 1
    query: '''
AppTraces
| where Message has "queue.observed"
| extend line = parse_json(Message)
| where tostring(line.event) == "queue.observed" and isnotnull(line.oldestSeconds)
| project TimeGenerated, oldestSeconds = tolong(line.oldestSeconds)
'''
    measureColumn: 'oldestSeconds'
    aggregation: 'Minimum'
    dimensions: []
    operator: 'GreaterThanOrEqual'
    threshold: 600
    window: healthAlertWindow
    autoMitigate: true
  }
  {
    name: 'alert-opened'
    description: 'The gateway found something critical, of whichever tenant: a webhook that failed, events that were given up, credentials or a secret that are refused, a renewal that fails; or the canary does not come through.'
    severity: 2
    // What is over is told by the gateway, and is not to be told by a rule that merely sees nothing new. So each line is to be
    // found once: by when it came in, since the last look.
    // https://learn.microsoft.com/azure/sentinel/ingestion-delay
    query: '''
AppTraces
| where ingestion_time() > ago(5m)
| where Message has "alert.changed"
| extend line = parse_json(Message)
| where tostring(line.event) == "alert.changed"
| where tostring(line.severity) == "critical" and tostring(line.change) in ("opened", "worsened")
| project TimeGenerated, ItemCount, condition = tostring(line.condition), subject = tostring(line.subject)
'''
    measureColumn: 'ItemCount'
    aggregation: 'Total'
    dimensions: [
      {
        name: 'condition'
        operator: 'Include'
        values: [
          '*'
        ]
      }
      {
        name: 'subject'
        operator: 'Include'
        values: [
          '*'
        ]
      }
    ]
    operator: 'GreaterThan'
    threshold: 0
    // Longer than the time between two looks, because lines arrive some minutes late.
    window: 'PT30M'
    autoMitigate: false
  }
  {
    name: 'alerts-not-told'
    description: 'A channel took alerts not within a day: whoever should know of something does not.'
    severity: 2
    query: '''
AppTraces
| where Message has "alert.given_up"
| extend line = parse_json(Message)
| where tostring(line.event) == "alert.given_up"
| project TimeGenerated, ItemCount
'''
    measureColumn: 'ItemCount'
    aggregation: 'Total'
    dimensions: []
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
    autoMitigate: true
  }
  {
    name: 'audit-not-written'
    description: 'A change was made whose entry the audit log does not hold: the entry is in the log line.'
    severity: 1
    query: '''
AppTraces
| where Message has "audit.not_written"
| extend line = parse_json(Message)
| where tostring(line.event) == "audit.not_written"
| project TimeGenerated, ItemCount
'''
    measureColumn: 'ItemCount'
    aggregation: 'Total'
    dimensions: []
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
    autoMitigate: true
  }
]

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${namePrefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${namePrefix}-${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [
        workspaceId
      ]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      autoMitigate: rule.autoMitigate
      // A new workspace has no tables yet, so a check of the query would fail.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: rule.aggregation
            metricMeasureColumn: empty(rule.measureColumn) ? null : rule.measureColumn
            dimensions: rule.dimensions
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [
          actionGroupId
        ]
      }
    }
  }
]
