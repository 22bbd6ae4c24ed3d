import "./require-node-24";
import { join } from "node:path";
import { type RunningHost, startHost } from "./host";

/** `npm start`: the gateway as one process on the embedded store. */
const appRoot = join(__dirname, "..", "..", "..");

/** Finishes what is in flight on the first signal; a second one does not wait. */
function stopOnSignals(host: RunningHost): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    host.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

startHost({ appRoot, env: { CASTIEL_MODE: "embedded", ...process.env } }).then(stopOnSignals, fail);
