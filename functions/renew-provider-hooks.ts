import { app } from "@azure/functions";
import { getServices } from "../shared/app";
import { renewHooks } from "../shared/usecases/renew-hooks";

/** Every five minutes by default: what is about to expire at a provider, and what could not be set up or removed there. */
app.timer("renew-provider-hooks", {
  schedule: "%HOOKS_SCHEDULE%",
  handler: async () => {
    const services = await getServices();
    const run = await renewHooks(services);
    services.log("info", "hooks.renewed", { ...run });
  },
});
