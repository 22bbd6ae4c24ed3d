import type { ConnectionKey } from "./record-reader";

/**
 * What stands at a provider and sends to one of our webhooks. `isReplaced`: it cannot be changed; in its place a new one is
 * made, and both deliver until the old one is stopped. `carriesSecret`: the webhook's secret is set by it.
 */
const hookKinds = {
  /** GitHub's webhook of a repository or organisation. */
  webhook: { isReplaced: false, carriesSecret: true },
  /** A push subscription of Google's Pub/Sub. */
  push_subscription: { isReplaced: false, carriesSecret: false },
  /** What lets Gmail publish the changes of a mailbox to a topic. */
  gmail_watch: { isReplaced: false, carriesSecret: false },
  /** What lets Google Workspace publish events to a topic. */
  workspace_subscription: { isReplaced: false, carriesSecret: false },
  /** A notification channel of Calendar or Drive. */
  channel: { isReplaced: true, carriesSecret: true },
  /** The event subscriptions in a Slack app's manifest. */
  app_manifest: { isReplaced: false, carriesSecret: false },
} as const satisfies Readonly<Record<string, { readonly isReplaced: boolean; readonly carriesSecret: boolean }>>;

/** A key of {@link hookKinds}. */
export type HookKind = keyof typeof hookKinds;

/** A topic of Google's Pub/Sub, and the push subscription to make of it. */
export interface TopicTarget {
  readonly project: string;
  readonly topic: string;
  /** The webhook's id unless another is named. */
  readonly subscription?: string;
}

/** Where at the provider a webhook is to be set up, as its tenant asks for it. */
export type HookTarget =
  /** GitHub: `owner/name`. */
  | { readonly kind: "repository"; readonly repository: string }
  | { readonly kind: "organization"; readonly organization: string }
  | ({ readonly kind: "pubsub" } & TopicTarget)
  /** The mailbox of the connection's user; `labelIds` narrows what is told of. */
  | ({ readonly kind: "gmail"; readonly labelIds?: readonly string[] } & TopicTarget)
  /** `targetResource` as in `//chat.googleapis.com/spaces/S`. */
  | ({
      readonly kind: "workspace_events";
      readonly targetResource: string;
      readonly eventTypes: readonly string[];
    } & TopicTarget)
  | { readonly kind: "calendar"; readonly calendarId: string }
  | { readonly kind: "drive_file"; readonly fileId: string }
  /** All changes that the connection's user sees. */
  | { readonly kind: "drive_changes" }
  /** A Slack app. `botEvents` are added to those that it is subscribed to. */
  | {
      readonly kind: "slack_app";
      readonly appId: string;
      readonly botEvents?: readonly string[];
      /** The connection with the app configuration token, where that is not the webhook's. */
      readonly connectionId?: string;
    };

/** A value of `target.kind`. */
type HookTargetKind = HookTarget["kind"];

/** What has to be made for each kind of target, in this order; it is removed in the opposite one. */
const partsByTarget: Readonly<Record<HookTargetKind, readonly HookKind[]>> = {
  repository: ["webhook"],
  organization: ["webhook"],
  pubsub: ["push_subscription"],
  gmail: ["push_subscription", "gmail_watch"],
  workspace_events: ["push_subscription", "workspace_subscription"],
  calendar: ["channel"],
  drive_file: ["channel"],
  drive_changes: ["channel"],
  slack_app: ["app_manifest"],
};

/** The connection by whose credentials a target is set up: the webhook's own unless it names another. */
export function setUpConnectionId(target: HookTarget, connectionId: string): string {
  return (target.kind === "slack_app" ? target.connectionId : undefined) ?? connectionId;
}

/** The hooks that a target is made of, in the order of making. */
export function partsOf({ kind }: HookTarget): readonly HookKind[] {
  return partsByTarget[kind];
}

/** True for a kind of which a new hook takes the place of the old one. */
export function isReplaced(kind: HookKind): boolean {
  return hookKinds[kind].isReplaced;
}

/** True for a target at which we set the webhook's secret ourselves. */
export function carriesSecret(target: HookTarget): boolean {
  return partsOf(target).some(isSecretSetBy);
}

/** True for a kind by which the provider gets the webhook's secret. */
export function isSecretSetBy(kind: HookKind): boolean {
  return hookKinds[kind].carriesSecret;
}

/** A hook that we made, or began to make. */
export interface ProviderHook {
  readonly kind: HookKind;
  /** Which of the webhook's hooks it is, counted from 1: what its id is made of where we choose it. */
  readonly serial: number;
  /** The provider's name for it; absent as long as it is not known whether the provider made it. */
  readonly id?: string;
  /** Of a channel: what is watched, in Google's words. */
  readonly resourceId?: string;
  /** ISO 8601. */
  readonly madeAt?: string;
  /** ISO 8601; absent where it lasts until it is removed. */
  readonly expiresAt?: string;
}

/** What tells one webhook's hooks from all others, also after the webhook is gone. */
export interface HookPlace {
  readonly registrationId: string;
  /** Where the hook delivers to. */
  readonly webhookUrl: string;
  readonly target: HookTarget;
}

/** What a hook is to be like. */
export interface HookRequest extends HookPlace {
  /** In the provider's own words; `*` for all of them. */
  readonly events: readonly string[];
  /** What deliveries are proved with, where that is a shared secret. */
  readonly secret?: string;
  /** Whom the tokens of deliveries are to name, and for whom they are made, where these prove them. */
  readonly identity?: { readonly serviceAccountEmail: string; readonly audience: string };
}

/** What to make or bring up to date. */
export interface HookOrder {
  readonly request: HookRequest;
  readonly kind: HookKind;
  readonly serial: number;
  /** The hook that is there, as far as we know. */
  readonly known?: ProviderHook;
}

/**
 * The hooks at the providers, by the credentials of a connection. Both methods may be repeated at any time, also after a
 * call whose outcome nobody knows: nothing is made twice, and removing what is gone succeeds. Both throw
 * `SyncDelay` for a rate limit, or while another instance refreshes the access token;
 * `SyncFailure` with `no_credentials`, `needs_reauth`, `provider_forbidden`, `provider_rejected`, `target_not_found`,
 * `hook_taken`, `provider_unfinished`, `provider_unreachable`, `provider_answer_unknown`, `provider_host_not_allowed`,
 * `unsupported`;
 * `WebhookError` with `store_unavailable` or `secrets_unavailable`.
 */
export interface ProviderHooks {
  /** Makes the hook, or changes and renews the one that is there. Another `id` than before is another hook. */
  put(connection: ConnectionKey, order: HookOrder): Promise<ProviderHook>;
  remove(connection: ConnectionKey, place: HookPlace, hook: ProviderHook): Promise<void>;
}

const DAY_MS = 86_400_000;

/**
 * When a hook is renewed, in milliseconds since 1970: after half its life, or after a day if that is sooner. Half a life
 * leaves as much time to try again as has gone by; a day is what Google asks for where the life is a week (Gmail,
 * "Renewing mailbox watch"), and leaves six more for somebody to mend a connection.
 */
export function renewalTime({ madeAt, expiresAt }: ProviderHook): number | undefined {
  if (madeAt === undefined || expiresAt === undefined) return undefined;
  const made = Date.parse(madeAt);
  return made + Math.min((Date.parse(expiresAt) - made) / 2, DAY_MS);
}

/** True if the provider does not know the hook any more. */
export function isExpired({ expiresAt }: ProviderHook, now: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now;
}
