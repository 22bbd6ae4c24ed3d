// The account, the database and one container per collection of shared/core/ports.ts. Entra identities may not create
// containers through the data plane, so they are made here.

@description('Name of the account.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Name of the database.')
param databaseName string

@description('How throughput is paid for.')
@allowed([
  'serverless'
  'autoscale'
])
param throughput string

@description('Most request units per second of each container under autoscale.')
param maxThroughput int

@description('Spreads the replicas over availability zones.')
param zoneRedundant bool

@description('Whether the account answers on its public endpoint.')
param publicAccess bool

// Only what a repository filters or sorts by is indexed: every other path would make each write dearer. Cosmos DB indexes
// id by itself, but in a composite index it has to be named; the partition key is not indexed unless it is listed.
var containers = [
  {
    name: 'registrations'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/integrationId/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'deliveries'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/deliveryId/?'
      }
      {
        path: '/receivedAt/?'
      }
    ]
    compositeIndexes: [
      [
        {
          path: '/receivedAt'
          order: 'descending'
        }
        {
          path: '/id'
          order: 'ascending'
        }
      ]
    ]
  }
  {
    name: 'delivery-lines'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/registrationId/?'
      }
      {
        path: '/integrationId/?'
      }
      {
        path: '/deliveryId/?'
      }
      {
        path: '/eventName/?'
      }
      {
        path: '/entityType/?'
      }
      {
        path: '/entityId/?'
      }
      {
        path: '/verdict/?'
      }
      {
        path: '/outcome/?'
      }
      {
        path: '/replayId/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'health'
    includedPaths: [
      {
        path: '/pk/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'shards'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/shardTypeId/?'
      }
      {
        path: '/integrationId/?'
      }
      {
        path: '/externalId/?'
      }
      {
        path: '/status/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'sync-tasks'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/registrationId/?'
      }
      {
        path: '/status/?'
      }
      {
        path: '/trigger/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'connections'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/integrationId/?'
      }
      {
        path: '/status/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'rate-limits'
    includedPaths: [
      {
        path: '/pk/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'mappings'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'conflicts'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/status/?'
      }
      {
        path: '/shardId/?'
      }
      {
        path: '/detectedAt/?'
      }
    ]
    compositeIndexes: [
      [
        {
          path: '/detectedAt'
          order: 'descending'
        }
        {
          path: '/id'
          order: 'ascending'
        }
      ]
    ]
  }
  {
    name: 'match-keys'
    includedPaths: [
      {
        path: '/pk/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'hook-ledgers'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/dueAt/?'
      }
    ]
    compositeIndexes: [
      [
        {
          path: '/dueAt'
          order: 'ascending'
        }
        {
          path: '/id'
          order: 'ascending'
        }
      ]
    ]
  }
  {
    name: 'routes'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'repairs'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/registrationId/?'
      }
      {
        path: '/status/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'replays'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'held-events'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/receivedOrder/?'
      }
    ]
    compositeIndexes: [
      [
        {
          path: '/receivedOrder'
          order: 'ascending'
        }
        {
          path: '/id'
          order: 'ascending'
        }
      ]
    ]
  }
  {
    name: 'audit'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/resource/?'
      }
      {
        path: '/action/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'change-positions'
    includedPaths: [
      {
        path: '/pk/?'
      }
    ]
    compositeIndexes: []
  }
  {
    name: 'alerts'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/isLive/?'
      }
      {
        path: '/wasOpen/?'
      }
      {
        path: '/changedAt/?'
      }
    ]
    compositeIndexes: [
      [
        {
          path: '/changedAt'
          order: 'descending'
        }
        {
          path: '/id'
          order: 'ascending'
        }
      ]
    ]
  }
  {
    name: 'alert-channels'
    includedPaths: [
      {
        path: '/pk/?'
      }
      {
        path: '/tenantId/?'
      }
      {
        path: '/isService/?'
      }
      {
        path: '/dueAt/?'
      }
    ]
    compositeIndexes: [
      [
        {
          path: '/dueAt'
          order: 'ascending'
        }
        {
          path: '/id'
          order: 'ascending'
        }
      ]
    ]
  }
]

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: zoneRedundant
      }
    ]
    capabilities: throughput == 'serverless' ? [
      {
        name: 'EnableServerless'
      }
    ] : []
    consistencyPolicy: {
      defaultConsistencyLevel: 'Session'
    }
    // Restores to any second of the last seven days; this tier costs nothing extra.
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: 'Continuous7Days'
      }
    }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: {
      id: databaseName
    }
  }
}

resource collection 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = [
  for container in containers: {
    parent: database
    name: container.name
    properties: {
      resource: {
        id: container.name
        partitionKey: {
          paths: [
            '/pk'
          ]
          kind: 'Hash'
          version: 2
        }
        // On, without a default: documents that may disappear carry their own ttl.
        defaultTtl: -1
        indexingPolicy: {
          indexingMode: 'consistent'
          automatic: true
          includedPaths: container.includedPaths
          excludedPaths: [
            {
              path: '/*'
            }
          ]
          compositeIndexes: container.compositeIndexes
        }
      }
      options: throughput == 'serverless' ? {} : {
        autoscaleSettings: {
          maxThroughput: maxThroughput
        }
      }
    }
  }
]

output id string = account.id
output name string = account.name
output endpoint string = account.properties.documentEndpoint
