import { startFunctions } from "../support/function-app";
import { startGateway } from "../support/gateway";

it("the canary calls its own gateway over HTTP, and comes through", async () => {
  const gateway = await startGateway({ CASTIEL_MODE: "embedded" });
  const app = await startFunctions({ CANARY: "on", PUBLIC_BASE_URL: gateway.url });
  try {
    // Its webhook is known to this app alone, so the gateway refuses it: the call itself is what is shown here.
    const { runCanary } = await import("../../shared/usecases/run-canary.js");
    expect(await runCanary(app.services)).toBe(404);
  } finally {
    await app.close();
    await gateway.stop();
  }
}, 30_000);

it("the canary of a gateway is seen in its own health", async () => {
  const gateway = await startGateway({ CASTIEL_MODE: "embedded", CANARY: "on" });
  const health = async () => (await fetch(`${gateway.url}/webhooks/health`)).json() as Promise<{ canary?: object }>;
  try {
    expect(await health()).toMatchObject({ canary: { status: "waiting" } });
  } finally {
    await gateway.stop();
  }
}, 30_000);
