import type { RecordReader } from "../core/record-reader";
import { type CallLimits, limitCalls } from "./limited-calls";

/**
 * A reader that calls the provider only where the limits have room, so that a task waits in the queue and not in a worker.
 * Any call may wait, also one that writes: dropping it would lose it.
 */
export function limitedReader(reader: RecordReader, limits: CallLimits): RecordReader {
  const limited = limitCalls(limits);
  return {
    read: (connection, reference, options) =>
      limited(connection, "fetch", () => reader.read(connection, reference, options)),
    list: (connection, query) => limited(connection, "fetch", () => reader.list(connection, query)),
    listable: (integrationId) => reader.listable(integrationId),
    write: (connection, change) => limited(connection, change.action, () => reader.write(connection, change)),
  };
}
