import { app } from "@azure/functions";
import { getServices } from "../shared/app";
import { sendAlerts } from "../shared/usecases/send-alerts";

/** Half a minute after the health timer by default: what it found that changed, to whoever wants to know. */
app.timer("send-alerts", {
  schedule: "%HOOKS_SCHEDULE%",
  handler: async () => {
    const services = await getServices();
    const run = await sendAlerts(services);
    services.log("info", "alerts.sent", { ...run });
  },
});
