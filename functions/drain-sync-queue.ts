import { app } from "@azure/functions";
import { getServices } from "../shared/app";
import { drainMessage } from "../shared/usecases/drain-message";

/** Hands each queued event, and each piece of other work, to SyncTaskService. One message a call: a failure concerns nobody else's event. */
app.serviceBusQueue("drain-sync-queue", {
  connection: "ServiceBusConnection",
  queueName: "%QUEUE_NAME%",
  cardinality: "one",
  handler: async (message: unknown) => drainMessage(await getServices(), message),
});
