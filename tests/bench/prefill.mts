/** `node prefill.mts FOLDER COUNT`: a store with that many webhooks of one tenant, as if each had received before. */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const dist = join(import.meta.dirname, "..", "..", "dist");
const { createApp } = require(join(dist, "shared/app.js"));
const { registerWebhook } = require(join(dist, "shared/usecases/register-webhook.js"));

const [, , dataDirectory = "", count = "0"] = process.argv;
const app = await createApp({ env: { CASTIEL_MODE: "embedded", DATA_DIRECTORY: dataDirectory }, log: () => undefined });
const webhooks: { path: string; secret: string }[] = [];
const request = { tenantId: "tenant-123", integrationId: "github", connectionId: "bench", events: ["*"] };

async function registerOne(): Promise<void> {
  const { registrationId, webhookSecret } = await registerWebhook(app.services, request);
  const verified = (current: object) => ({ ...current, isVerified: true, verifiedAt: new Date().toISOString() });
  await app.services.registrations.update(registrationId, verified);
  webhooks.push({ path: `/webhooks/${registrationId}`, secret: webhookSecret });
}

for (let made = 0; made < Number(count); made += 500) {
  await Promise.all(Array.from({ length: Math.min(500, Number(count) - made) }, registerOne));
}
await app.close();
writeFileSync(join(dataDirectory, "webhooks.json"), JSON.stringify(webhooks));
