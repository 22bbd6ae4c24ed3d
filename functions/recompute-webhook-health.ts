import { app } from "@azure/functions";
import { getServices } from "../shared/app";
import { recomputeHealth } from "../shared/usecases/recompute-health";

/** Every five minutes by default: the health of each webhook, and a line in the log for each that changed. */
app.timer("recompute-webhook-health", {
  schedule: "%HEALTH_SCHEDULE%",
  handler: async () => {
    const services = await getServices();
    const { checked, changed } = await recomputeHealth(services);
    services.log("info", "health.recomputed", { checked, changed });
  },
});
