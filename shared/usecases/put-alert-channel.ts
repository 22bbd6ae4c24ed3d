import type { AlertChannel, ChannelSettings, ChannelTarget } from "../core/alert-channel";
import { type Problem, WebhookError } from "../core/errors";
import { NEVER } from "../core/due";
import { isAllowedUrl } from "../core/outbound";
import { isTimeZone } from "../core/quiet-hours";
import { readSigningKeys } from "../core/signing-keys";
import type { ChannelKey } from "../repositories/alert-channels";
import { type AlertChannelView, demandOperatorFor, toChannelView } from "./alert-channel-view";
import { storeTarget, type TargetPointer } from "./channel-target";
import { generateSecret } from "./generate-secret";
import type { Services } from "./services";

/** A target as its owner names it: the secret of a URL is made by us where none is brought. */
type AskedTarget =
  | Exclude<ChannelTarget, { kind: "webhook" }>
  | { readonly kind: "webhook"; readonly url: string; readonly secret?: string };

/** A channel as its owner wants it. */
export interface PutChannelRequest extends Partial<Omit<ChannelSettings, "isService">> {
  /** Needed for a new channel; absent: the one that is set stays. */
  readonly target?: AskedTarget;
  readonly service?: boolean;
}

/** The channel as it is now. */
export interface PutChannelResult {
  readonly channel: AlertChannelView & {
    /** Shown this once, if it was made by us. */
    readonly signingSecret?: string;
  };
  readonly created: boolean;
}

/**
 * Creates or replaces a channel: its target first, then the document that points to it. What waits to be told stays, and is
 * tried at once. A test message shows whether it works.
 * @throws {WebhookError} `invalid_request`, `forbidden`, `document_changed`, `store_unavailable`, `secrets_unavailable`
 */
export async function putAlertChannel(
  services: Services,
  { isOperator, ...key }: ChannelKey & { readonly isOperator: boolean },
  request: PutChannelRequest,
): Promise<PutChannelResult> {
  const known = await services.alertChannels.find(key);
  const settings = toSettings(request);
  demandOperatorFor(settings, isOperator);
  if (known) demandOperatorFor(known, isOperator);
  checkRequest(services, known, request);
  if (!known) await demandRoomFor(services, key.tenantId);
  const { target, made } = completed(request.target);
  const stored = target && { kind: target.kind, ...(await storeTarget(services, known, target)) };
  let created = false;
  const saved = await services.alertChannels.update(key, (current, id) => {
    created = current === undefined;
    const pointer = stored ?? current;
    return pointer && changed(services, { ...key, ...id }, { current, settings, pointer });
  });
  // Deleted meanwhile, and nothing was brought to make it anew.
  if (!saved) throw new WebhookError("alert_channel_not_found");
  services.log("info", "alert_channel.saved", { channelId: key.channelId, kind: saved.kind });
  return { channel: { ...toChannelView(saved), ...(made !== undefined && { signingSecret: made }) }, created };
}

/** All tenants' channels are served by one timer. */
const MAX_CHANNELS = 20;

async function demandRoomFor({ alertChannels }: Services, tenantId: string): Promise<void> {
  const { items } = await alertChannels.list(tenantId, { limit: MAX_CHANNELS });
  if (items.length < MAX_CHANNELS) return;
  const problems = [{ path: "", message: `a tenant has ${MAX_CHANNELS} channels at most` }];
  throw new WebhookError("invalid_request", { problems });
}

interface Change {
  readonly current: AlertChannel | undefined;
  readonly settings: ChannelSettings;
  readonly pointer: TargetPointer & Pick<AlertChannel, "kind">;
}

function changed(
  { now }: Services,
  key: ChannelKey & Pick<AlertChannel, "id" | "pk">,
  { current, settings, pointer }: Change,
): AlertChannel {
  const at = new Date(now()).toISOString();
  const { kind, secretName, secretVersion } = pointer;
  const { pending = [], lost = 0, lastDeliveredAt, createdAt = at } = current ?? {};
  return {
    ...key,
    ...settings,
    schemaVersion: 1,
    kind,
    secretName,
    secretVersion,
    pending,
    dueAt: pending.length === 0 ? NEVER : now(),
    failures: 0,
    ...(lastDeliveredAt !== undefined && { lastDeliveredAt }),
    lost,
    createdAt,
    updatedAt: at,
  };
}

function toSettings({ conditions, integrations, webhooks, quietHours, ...rest }: PutChannelRequest): ChannelSettings {
  return {
    ...(conditions && { conditions }),
    ...(integrations && { integrations }),
    ...(webhooks && { webhooks }),
    ...(quietHours && { quietHours }),
    groupSeconds: rest.groupSeconds ?? 0,
    isService: rest.service ?? false,
  };
}

function completed(asked: AskedTarget | undefined): { readonly target?: ChannelTarget; readonly made?: string } {
  if (asked === undefined) return {};
  if (asked.kind !== "webhook") return { target: asked };
  if (asked.secret !== undefined) return { target: { ...asked, secret: asked.secret } };
  const made = generateSecret();
  return { target: { ...asked, secret: made }, made };
}

function checkRequest(services: Services, known: AlertChannel | undefined, request: PutChannelRequest): void {
  const { target, quietHours } = request;
  const problems: Problem[] = [];
  if (target === undefined && known === undefined) problems.push({ path: "/target", message: "is required" });
  if (target && "url" in target && !isAllowed(services, target)) {
    problems.push({ path: "/target/url", message: "is not an https address that channels of this kind may call" });
  }
  if (target?.kind === "email") problems.push(...mailProblems(services, target.to));
  if (target?.kind === "webhook" && target.secret !== undefined && readSigningKeys(target.secret) === undefined) {
    problems.push({ path: "/target/secret", message: "must be whsec_ and base64 of 24 to 64 bytes" });
  }
  if (quietHours && !isTimeZone(quietHours.timeZone)) {
    problems.push({ path: "/quietHours/timeZone", message: "is no time zone" });
  }
  if (problems.length > 0) throw new WebhookError("invalid_request", { problems });
}

/** Whoever could name any address could send mail to anybody in the operator's name. */
function mailProblems({ rules: { mailDomains } }: Services, to: readonly string[]): readonly Problem[] {
  if (mailDomains === undefined)
    return [{ path: "/target/kind", message: "is not set up: there is no sender of mail" }];
  return to.flatMap((address, index) => {
    const domain = address.slice(address.lastIndexOf("@") + 1).toLowerCase();
    const isListed = mailDomains.some((entry) =>
      entry.startsWith("*.") ? domain.endsWith(entry.slice(1)) : domain === entry,
    );
    return isListed ? [] : [{ path: `/target/to/${index}`, message: "is not in a domain that the operator allows" }];
  });
}

function isAllowed({ rules }: Services, { kind, url }: Extract<AskedTarget, { readonly url: string }>): boolean {
  return URL.canParse(url) && isAllowedUrl(rules.channelPolicies[kind], new URL(url));
}
