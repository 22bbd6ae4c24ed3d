import { randomUUID } from "node:crypto";
import { type Content, hmacHex, jsonContent, type SampleProvider, unixSeconds } from "./sample";

/** A shop of one's own, as docs/providers/hmac.md sets it up; the settings say how it signs and how its bodies are read. */
export const hmacSamples: SampleProvider = {
  integrationId: "hmac",
  schemes: ["native"],
  verification: {
    signatureHeader: "X-Acme-Signature",
    signaturePrefix: "sha256=",
    signedParts: ["{timestamp}", ".", "{body}"],
    timestampHeader: "X-Acme-Timestamp",
    idHeader: "X-Acme-Delivery",
    typePath: "resource",
    actionPath: "action",
    entityPath: "order.id",
    createdWords: ["placed"],
    deletedWords: ["cancelled"],
  },
  events: new Map(["placed", "updated", "cancelled"].map((action) => [action, () => event(action)])),
  sign: ({ body }, { secret }) => {
    const timestamp = String(unixSeconds());
    const signature = `sha256=${hmacHex(secret, `${timestamp}.`, body)}`;
    return { headers: { "x-acme-timestamp": timestamp, "x-acme-signature": signature } };
  },
};

function event(action: string): Content {
  const order = { id: "A-1843", total: 18.43 };
  return jsonContent({ resource: "order", action, order }, { "x-acme-delivery": randomUUID() });
}
