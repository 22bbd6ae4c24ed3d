import { hash } from "node:crypto";
import type { Document } from "./ports";

/** What may be told of a condition. */
interface ConditionEntry {
  readonly title: string;
  /** Whose affair it is: the tenant's whose webhook or connection it is, or the operator's. */
  readonly audience: "tenant" | "operator";
  /** It does not come and go, and so is told at once; others have to last. */
  readonly isSteady: boolean;
}

/** The conditions that are watched; `docs/operations.md` has a runbook for each, which a test holds true. */
export const alertConditions = {
  health: { title: "Health of a webhook", audience: "tenant", isSteady: false },
  silent: { title: "Webhook is silent", audience: "tenant", isSteady: false },
  refused_rate: { title: "Many deliveries are refused", audience: "tenant", isSteady: false },
  dead_letters: { title: "Events were given up", audience: "tenant", isSteady: true },
  lease_not_renewed: { title: "Renewing at the provider fails", audience: "tenant", isSteady: false },
  secret_due: { title: "A secret is to be changed", audience: "tenant", isSteady: true },
  connection_needs_reauth: { title: "Connection needs new credentials", audience: "tenant", isSteady: true },
  queue_age: { title: "Events wait in the queue", audience: "operator", isSteady: false },
  queue_dead_letters: { title: "The queue has dead letters", audience: "operator", isSteady: true },
  canary_late: { title: "The canary does not come through", audience: "operator", isSteady: false },
} as const satisfies Record<string, ConditionEntry>;

/** A key of {@link alertConditions}. */
export type AlertCondition = keyof typeof alertConditions;

/** The names in their order; the keys of a constant object are the keys of its type. */
export const alertConditionNames = Object.keys(alertConditions) as readonly AlertCondition[];

/** How bad it is, from bad to worse. */
export const alertSeverities = ["warning", "critical"] as const;

/** One of {@link alertSeverities}. */
export type AlertSeverity = (typeof alertSeverities)[number];

/** What a condition is about. */
export interface AlertSubject {
  readonly kind: "webhook" | "connection" | "queue" | "service";
  /** A registration's id, a connection's `integrationId/connectionId`, or the name for people of a part of the service. */
  readonly id: string;
  readonly integrationId?: string;
}

/** A condition that holds now. Texts hold codes, ids and numbers; no payload, no secret. */
export interface Finding {
  readonly condition: AlertCondition;
  readonly subject: AlertSubject;
  readonly severity: AlertSeverity;
  readonly cause: string;
  readonly nextStep: string;
}

/** `rising`: it holds, but not for long enough; `falling`: it does not hold any more, but not for long enough. */
export type AlertState = "rising" | "open" | "falling" | "closed";

/** How an alert was when it was over. */
export type PastAlert = Pick<Alert, "severity" | "cause" | "nextStep" | "changedAt" | "since">;

/** One condition of one subject as it was last seen. Partition: the tenant key, or that of the service. */
export interface Alert extends Document, Finding {
  readonly state: AlertState;
  /** ISO 8601; when the state began. */
  readonly changedAt: string;
  /** ISO 8601; when the condition began to hold. */
  readonly since: string;
  /** How often it was opened: with the id it names one incident. */
  readonly serial: number;
  /** Anything but closed; a field of its own, because queries know equality alone. */
  readonly isLive: boolean;
  /** It lasted, and was told. */
  readonly wasOpen: boolean;
  /** What it was before, if that was told, while it rises anew. */
  readonly past?: PastAlert;
}

/** A change that is to be told. */
export interface AlertNote extends Finding {
  /** Names the incident: the same when it opens, gets worse and is over. */
  readonly key: string;
  readonly change: "opened" | "worsened" | "closed";
  /** ISO 8601. */
  readonly at: string;
  /** ISO 8601; when the condition began to hold. */
  readonly since: string;
}

/** Whose alerts: a tenant's, or {@link serviceOwner}'s. */
export interface AlertOwner {
  readonly tenantId: string;
  readonly tenantKey: string;
}

/** Owns what concerns the service as a whole. No tenant key is like this one. */
export const serviceOwner: AlertOwner = { tenantId: "service", tenantKey: "service" };

/** The id of the document of a condition of a subject. */
export function alertIdOf({ condition, subject }: Pick<Finding, "condition" | "subject">): string {
  return `alert-${hash("sha256", JSON.stringify([condition, subject.kind, subject.id]), "hex").slice(0, 40)}`;
}

/** Names a note: the same one is made again after a crash. */
export function noteIdOf({ key, change }: AlertNote): string {
  return `${key}-${change}`;
}
