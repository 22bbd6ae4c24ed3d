// A process of a test: sends and schedules one message each, closes the queue, and must end by itself then.
require("../../support/swc-require.cjs");
const { openServiceBusQueue } = require("../../../shared/adapters/service-bus/event-queue");

async function sendAndClose() {
  const queue = openServiceBusQueue({ connectionString: process.argv[2], queueName: "events" });
  await queue.send([{ messageId: "sent", body: {} }]);
  await queue.schedule({ messageId: "scheduled", body: {} }, Date.now() + 60_000);
  await queue.close();
}

void sendAndClose();
