import { readFileSync } from "node:fs";
import { join } from "node:path";
import examples from "@octokit/webhooks-examples";
import type { VerificationSettings } from "../../shared/core/registration";
import { eventNameOf } from "../../shared/core/webhook-event";
import { createProviders } from "../../shared/providers/registry";
import { contractNow } from "../contracts/provider";
import { expectSoundParse } from "../support/sound-parse";

/**
 * Whole deliveries as the vendors' pages show them, with values of our own: one at least for each row of their catalogues.
 * What stands on a line is what differs from the delivery around it.
 */
interface Recorded {
  readonly what: string;
  /** `entityType.eventType entityId` of each event. */
  readonly expect: readonly string[];
  /** Set where an event has to be read anew at the provider. */
  readonly gap?: true;
  readonly notices?: readonly string[];
  readonly settings?: VerificationSettings;
  readonly headers?: Record<string, string>;
  readonly body?: object;
  /** In place of JSON. */
  readonly text?: string;
  /** What a Pub/Sub message holds. */
  readonly data?: object;
  readonly attributes?: object;
}

const providers = createProviders({ googleCertificatesUrl: "http://127.0.0.1:1/" });

const slackEnvelope = {
  token: "XXYYZZ",
  team_id: "T9TK3CUKW",
  context_team_id: "T9TK3CUKW",
  api_app_id: "A0LAN2Q99",
  type: "event_callback",
  event_id: "Ev9UQ52YNA",
  event_time: contractNow / 1000,
  authorizations: [{ enterprise_id: null, team_id: "T9TK3CUKW", user_id: "U0LAN0Z89", is_bot: true }],
  is_ext_shared_channel: false,
  event_context: "4-eyJldCI6Im1lc3NhZ2UifQ",
};
const notionEnvelope = {
  id: "367cba44-b6f3-4c92-81e7-6a2e9659efd4",
  timestamp: new Date(contractNow - 1000).toISOString(),
  workspace_id: "13950b26-c203-4f3b-b97d-93ec06319565",
  workspace_name: "Engines",
  subscription_id: "29d75c0d-5546-4414-8459-7b7a92f1fc4b",
  integration_id: "0ef2e755-4912-8096-91c1-00376a88a5ca",
  authors: [{ id: "c7c11cca-1d73-471d-9b6e-bdef51470190", type: "person" }],
  attempt_number: 1,
};

/** The delivery's bytes. */
function bytesOf(providerId: string, { text, body, data, attributes }: Recorded): Buffer {
  if (text !== undefined) return Buffer.from(text);
  if (data !== undefined) return Buffer.from(JSON.stringify(pushed(data, attributes)));
  const envelopes: Readonly<Record<string, object>> = { slack: slackEnvelope, notion: notionEnvelope };
  const envelope = envelopes[providerId];
  return Buffer.from(JSON.stringify(envelope === undefined ? body : { ...envelope, ...body }));
}

function pushed(data: object, attributes: object = {}): object {
  const [id, time] = ["2070443601311540", "2026-11-24T08:59:58.123Z"];
  const encoded = Buffer.from(JSON.stringify(data)).toString("base64");
  return {
    message: { attributes, data: encoded, messageId: id, message_id: id, publishTime: time, publish_time: time },
    subscription: "projects/demo-project/subscriptions/castiel",
  };
}

function recordedOf(providerId: string): readonly Recorded[] {
  const file = join(__dirname, "../fixtures", providerId, "deliveries.jsonl");
  // Only this test reads the file, line by line as its type has it.
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Recorded);
}

const all = ["salesforce", "notion", "slack", "github", "google"].flatMap((id) =>
  recordedOf(id).map((recorded) => [id, recorded.what, recorded] as const),
);

/** A column of a provider's catalogue. */
function catalogueOf(providerId: string, column: number): readonly string[] {
  const lines = readFileSync(join(__dirname, "../fixtures", providerId, "events.txt"), "utf8").split("\n");
  const rows = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return rows.map((line) => line.split(" | ")[column]?.split(".")[0] ?? "");
}

describe("a delivery as it comes", () => {
  it.each(all)("from %s: %s", (id, _, recorded) => {
    const provider = providers.get(id);
    if (!provider) throw new Error("there is no such provider");
    const parsed = expectSoundParse(provider, recorded.headers ?? {}, bytesOf(id, recorded), recorded.settings);
    expect(parsed.events.map((event) => `${eventNameOf(event)} ${event.entityId}`)).toEqual(recorded.expect);
    expect(parsed.ignored).toBeUndefined();
    expect(parsed.notices ?? []).toEqual(recorded.notices ?? []);
    for (const event of parsed.events) expect(event.gap).toBe(recorded.gap);
    for (const secret of ["XXYYZZ", "aio_XXXX", "abcd-1325532282098", "c7c11cca"]) {
      expect(JSON.stringify(parsed)).not.toContain(secret);
    }
  });

  it("is there for every kind of thing that Slack's catalogue knows", () => {
    const kinds = new Set(recordedOf("slack").flatMap(({ expect: names }) => names.map((name) => name.split(".")[0])));
    expect([...new Set(catalogueOf("slack", 2))].filter((kind) => !kinds.has(kind))).toEqual([]);
  });

  it("is there for every event of GitHub's catalogue, here or among Octokit's examples", () => {
    const here = recordedOf("github").map(({ what }) => what.split(".")[0]);
    const names = new Set([...here, ...examples.map(({ name }) => name)]);
    expect([...new Set(catalogueOf("github", 0))].filter((name) => !names.has(name))).toEqual([]);
  });
});
