import { app } from "@azure/functions";
import { getServices } from "../shared/app";
import { drainEvent } from "../shared/usecases/drain-event";

/** Hands each queued event to SyncTaskService. One message a call: a failure concerns nobody else's event. */
app.serviceBusQueue("drain-sync-queue", {
  connection: "ServiceBusConnection",
  queueName: "%QUEUE_NAME%",
  cardinality: "one",
  handler: async (message: unknown) => drainEvent(await getServices(), message),
});
