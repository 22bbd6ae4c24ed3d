"use strict";
// The gateway in Azure mode, in a process of its own: the compiled functions on the local host's HTTP side, and in the
// place of the platform's Service Bus trigger a pump that drains the real protocol. Settings come by the environment.
require("./swc-require.cjs");
const { join } = require("node:path");
const root = join(__dirname, "..", "..");
const dist = join(root, "dist");

const log = (level, event, fields) => console.log(JSON.stringify({ level, event, ...fields }));
const limits = {
  maxBodyBytes: 26_214_400,
  maxBufferedBytes: 268_435_456,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
};

async function start() {
  require(join(dist, "infra/local/supply-core-api.js")).supplyCoreApi();
  const app = await require(join(dist, "shared/app.js")).startApp({ log });
  const { ServiceBusLockingQueue } = require("./service-bus-locking-queue.ts");
  const { ServiceBusConnection: connectionString, QUEUE_NAME: queueName } = process.env;
  const queue = new ServiceBusLockingQueue({ connectionString, queueName });
  const host = await require(join(dist, "infra/local/function-host.js")).startFunctionHost({
    appRoot: root,
    port: Number(process.env.PORT ?? 0),
    listenHost: "127.0.0.1",
    queue,
    appSettings: app.config.appSettings,
    limits,
    log,
    isDisabled: (name) => process.env[`AzureWebJobs.${name}.Disabled`] === "true",
  });
  log("info", "host.listening", { url: `http://localhost:${host.port}`, port: host.port });
  process.on("SIGTERM", async () => {
    await host.stop();
    await queue.close();
    await app.close();
    process.exit(0);
  });
}

start().catch((error) => {
  console.error(error);
  process.exit(1);
});
