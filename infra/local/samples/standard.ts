import { randomUUID } from "node:crypto";
import { type Content, hmac, jsonContent, type Proof, type SampleProvider, type Signing, unixSeconds } from "./sample";

/** Standard Webhooks, as its specification writes an event (github.com/standard-webhooks/standard-webhooks). */
export const standardSamples: SampleProvider = {
  integrationId: "standard",
  schemes: ["native"],
  events: new Map(["user.created", "user.updated", "user.deleted"].map((type) => [type, () => event(type)])),
  sign: signStandard,
};

function event(type: string): Content {
  const data = { id: "usr_123", name: "Ada Lovelace" };
  return jsonContent({ type, timestamp: new Date().toISOString(), data });
}

/** The three headers over `id.timestamp.body`; the key is what the base64 after `whsec_` stands for. */
export function signStandard({ body }: Content, { secret }: Pick<Signing, "secret">): Proof {
  const [id, timestamp] = [`msg_${randomUUID()}`, String(unixSeconds())];
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = `v1,${hmac(key, `${id}.${timestamp}.`, body).toString("base64")}`;
  return { headers: { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } };
}
