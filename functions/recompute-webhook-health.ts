import { app } from "@azure/functions";
import { getServices } from "../shared/app";
import { recomputeHealth } from "../shared/usecases/recompute-health";

/** Every five minutes by default: the health of each webhook, and a line in the log for each that changed. */
app.timer("recompute-webhook-health", {
  schedule: "%HEALTH_SCHEDULE%",
  handler: async () => {
    const services = await getServices();
    const { checked, changed, failed } = await recomputeHealth(services);
    services.log("info", "health.recomputed", { checked, changed, failed });
    // A run that saw nothing is none, and whoever watches over the timer is to know.
    if (failed > 0 && checked === 0) throw new Error(`None of ${failed} webhooks or tenants could be looked at.`);
  },
});
