import { randomUUID } from "node:crypto";
import { type Content, hmacHex, jsonContent, type SampleProvider, unixSeconds } from "./sample";

/** The seed's Apex callouts about one contact, and a Change Data Capture event about two accounts. */
export const salesforceSamples: SampleProvider = {
  integrationId: "salesforce",
  schemes: ["seed", "native", "timestamped"],
  events: new Map([
    ["created", () => callout("created", { LastName: "Lovelace" })],
    ["updated", () => callout("updated", { LastName: "King" })],
    ["deleted", () => callout("deleted", {})],
    ["change_event", changeEvent],
  ]),
  sign: ({ body }, { secret, scheme }) => {
    const isTimed = scheme === "timestamped";
    const timestamp = String(unixSeconds());
    const signature = `sha256=${hmacHex(secret, isTimed ? `${timestamp}.` : "", body)}`;
    const time = isTimed ? { "x-salesforce-event-timestamp": timestamp } : {};
    return { headers: { ...time, "x-salesforce-event-signature": signature } };
  },
};

function callout(action: string, fields: object): Content {
  const record = { Id: "003xx000004TMM", ...fields, SystemModstamp: new Date().toISOString() };
  return jsonContent(
    { action, sobject: { name: "Contact", fields: record } },
    { "x-salesforce-event-id": randomUUID() },
  );
}

function changeEvent(): Content {
  return jsonContent({
    schema: "demo",
    payload: {
      ChangeEventHeader: {
        entityName: "Account",
        recordIds: ["001xx000003DGb0", "001xx000003DGb1"],
        changeType: "UPDATE",
        changedFields: ["Industry"],
        transactionKey: randomUUID(),
        sequenceNumber: 1,
        commitTimestamp: Date.now(),
      },
      Industry: "Computing",
    },
    event: { replayId: 7 },
  });
}
