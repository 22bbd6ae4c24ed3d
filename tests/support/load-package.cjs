"use strict";
// Loads the packaged app of a folder as the Functions host does, and prints the names of its functions and its dashboard.
// Nothing but the folder's own files and `@azure/functions-core`, which the host supplies, can be found from there.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const host = join(__dirname, "..", "..", "dist", "infra", "local");

require(join(host, "supply-core-api.js")).supplyCoreApi();
const folder = process.argv[2];
const { main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
require(join(folder, main));
require(join(host, "core-api.js"))
  .sealCoreApi()
  .then(async (functions) => {
    const { handler } = functions.find(({ name }) => name === "get-dashboard");
    const { body } = await handler({ params: {}, headers: new Headers() });
    console.log(JSON.stringify({ names: functions.map(({ name }) => name).sort(), dashboard: body }));
  });
