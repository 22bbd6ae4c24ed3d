import "./require-node-24";
import { join } from "node:path";
import { type RunningHost, startHost } from "./host";

/** `npm start`: the gateway as one process on the embedded store. */
const appRoot = join(__dirname, "..", "..", "..");

/** Finishes what is in flight on the first signal; a second one does not wait. */
function stopOnSignals(host: RunningHost): void {
  let stopping = false;
  const stop = (code: number): void => {
    if (stopping) process.exit(1);
    stopping = true;
    host.stop().then(() => process.exit(code), fail);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop(0));
  process.on("uncaughtException", (error) => {
    console.error(error.stack);
    stop(1);
  });
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

// A reader of our output that goes away must not take us with it.
process.stdout.on("error", () => undefined);
startHost({ appRoot, env: { CASTIEL_MODE: "embedded", ...process.env } }).then(stopOnSignals, fail);
