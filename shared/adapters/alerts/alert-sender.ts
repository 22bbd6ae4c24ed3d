import type { ChannelTarget } from "../../core/alert-channel";
import type { AlertMessage } from "../../core/alert-message";
import { AlertNotTaken, type AlertSender } from "../../core/alert-sender";
import { readSigningKeys } from "../../core/signing-keys";
import { standardHeaders } from "../../core/standard-webhook";
import type { SendMail } from "./email";
import { toPagerDuty } from "./pagerduty";
import { type Post, postJson } from "./post";
import { toSlack } from "./slack";
import { toTeams } from "./teams";

/** What the sender works with. */
export interface AlertSenderOptions extends Post {
  /** Of PagerDuty's events; `{events}` stands for the host of a region. */
  readonly pagerDutyUrl: string;
  /** Absent where the operator named no mail server. */
  readonly sendMail?: SendMail;
}

const pagerDutyHosts = { us: "events", eu: "events.eu" } as const;

/** Sends messages in the form that each kind of channel takes. */
export function createAlertSender(options: AlertSenderOptions): AlertSender {
  return {
    async send(target, message) {
      switch (target.kind) {
        case "slack":
          return postJson(options, { url: target.url, body: JSON.stringify(toSlack(message)) });
        case "teams":
          return postJson(options, { url: target.url, body: JSON.stringify(toTeams(message)) });
        case "pagerduty":
          return enqueue(options, target, message);
        case "email":
          if (options.sendMail === undefined) throw new AlertNotTaken("sender_missing");
          return options.sendMail(target.to, message);
        case "webhook":
          return postSigned(options, target, message);
      }
    },
  };
}

/**
 * Each incident is an event of its own; that of a test is closed again. One that was over before it could be told is closed
 * as well: PagerDuty may have taken it although its answer, or the note of it, was lost.
 */
async function enqueue(
  options: AlertSenderOptions,
  { routingKey, region = "us" }: ChannelTarget & { readonly kind: "pagerduty" },
  { entries, isTest }: AlertMessage,
): Promise<void> {
  const url = `${options.pagerDutyUrl.replace("{events}", pagerDutyHosts[region])}/v2/enqueue`;
  const closing = isTest ? entries.map((entry) => ({ ...entry, status: "recovered" as const })) : [];
  for (const entry of [...entries, ...closing]) {
    await postJson(options, { url, body: JSON.stringify(toPagerDuty(entry, routingKey)) });
  }
}

async function postSigned(
  options: AlertSenderOptions,
  { url, secret }: ChannelTarget & { readonly kind: "webhook" },
  { id, sentAt, entries }: AlertMessage,
): Promise<void> {
  const keys = readSigningKeys(secret);
  if (keys === undefined) throw new AlertNotTaken("secret_malformed");
  const timestamp = new Date(sentAt).toISOString();
  const body = JSON.stringify({ type: "alerts.changed", timestamp, data: { alerts: entries } });
  await postJson(options, { url, headers: standardHeaders({ id, now: sentAt, body }, keys), body });
}
