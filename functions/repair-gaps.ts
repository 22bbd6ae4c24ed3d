import { app } from "@azure/functions";
import { getServices } from "../shared/app";
import { repairGaps } from "../shared/usecases/repair-gaps";

/** As often as health is recomputed: begins and carries on the repair of gaps. */
app.timer("repair-gaps", {
  schedule: "%HEALTH_SCHEDULE%",
  handler: async () => {
    const services = await getServices();
    const run = await repairGaps(services);
    services.log("info", "gaps.looked_after", { ...run });
  },
});
