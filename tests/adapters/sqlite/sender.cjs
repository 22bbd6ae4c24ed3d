// A process of a test: sends to the store of a folder without end, and writes each acknowledged id to stdout.
require("../../support/swc-require.cjs");
const { randomUUID } = require("node:crypto");
const { writeSync } = require("node:fs");
const { openSqlite } = require("../../../shared/adapters/sqlite/database");

const SENDERS = 16;
const STDOUT = 1;

const store = openSqlite({ dataDirectory: process.argv[2], now: Date.now });

async function sendForEver() {
  for (;;) {
    const messageId = randomUUID();
    await store.queue.send([{ messageId, body: { text: "x".repeat(2000) } }]);
    writeSync(STDOUT, `${messageId}\n`);
  }
}

for (let sender = 0; sender < SENDERS; sender++) void sendForEver();
