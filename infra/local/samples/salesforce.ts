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
    if (scheme !== "timestamped") return { "x-salesforce-event-signature": `sha256=${hmacHex(secret, body)}` };
    const timestamp = String(unixSeconds());
    return {
      "x-salesforce-event-timestamp": timestamp,
      "x-salesforce-event-signature": `sha256=${hmacHex(secret, `${timestamp}.`, body)}`,
    };
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
