import { describeEventQueue } from "../../contracts/event-queue";
import { openOnBroker, openOnNamespace } from "./open-test-queue";

const { SERVICEBUS_CONNECTION_STRING: connectionString, SERVICEBUS_QUEUE: queueName = "events" } = process.env;

describe("the event queue on Service Bus", () => {
  describeEventQueue(connectionString ? () => openOnNamespace(connectionString, queueName) : openOnBroker);
});
