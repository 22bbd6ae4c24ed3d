"use strict";
// The stand-ins for Azure in a process of their own, beside the load generator; prints the settings that lead an app to them.
require("../support/swc-require.cjs");
const { AzureStandIns } = require("../support/azure-stand-ins.ts");

AzureStandIns.start().then((azure) => console.log(JSON.stringify({ settings: azure.settings })));
