import { randomUUID } from "node:crypto";
import { type Content, hmac, jsonContent, type SampleProvider, unixSeconds } from "./sample";

/** Standard Webhooks, as its specification writes an event (github.com/standard-webhooks/standard-webhooks). */
export const standardSamples: SampleProvider = {
  integrationId: "standard",
  schemes: ["native"],
  events: new Map(["user.created", "user.updated", "user.deleted"].map((type) => [type, () => event(type)])),
  sign: (content, { secret }) => signStandard(content, secret),
};

function event(type: string): Content {
  const data = { id: "usr_123", name: "Ada Lovelace" };
  return jsonContent({ type, timestamp: new Date().toISOString(), data });
}

/** The three headers over `id.timestamp.body`; the key is what the base64 after `whsec_` stands for. */
function signStandard({ body }: Content, secret: string): Readonly<Record<string, string>> {
  const [id, timestamp] = [`msg_${randomUUID()}`, String(unixSeconds())];
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${hmac(key, `${id}.${timestamp}.`, body).toString("base64")}`,
  };
}
