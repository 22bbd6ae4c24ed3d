import { app } from "@azure/functions";
import { getServices } from "../shared/app";
import { runCanary } from "../shared/usecases/run-canary";

/** Once a minute, where the canary is on: one event of our own from the front door to its sync task. */
app.timer("run-canary", {
  schedule: "30 * * * * *",
  handler: async () => {
    const services = await getServices();
    await runCanary(services).catch((error: unknown) => {
      services.log("warn", "canary.not_sent", { error: String(error) });
    });
  },
});
