import type { HealthStatus, WebhookHealth } from "../core/health";
import type { Page } from "../core/ports";
import type { Registration } from "../core/registration";
import { countDeadLetters, type DeadLetterCounts } from "./count-dead-letters";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import type { Services } from "./services";
import { tenantOf } from "./tenant-of";
import { healthOf } from "./webhook-health";

/** What narrows and pages a list. */
export interface ListRequest {
  readonly tenantId: string;
  readonly integrationId?: string;
  /** Only webhooks that have this text somewhere in what tells them apart, whatever its case. */
  readonly text?: string;
  /** Only webhooks whose present health is one of these. */
  readonly health?: ReadonlySet<HealthStatus>;
  readonly limit: number;
  readonly cursor?: string;
}

/** A webhook in a list; with its health where the list was narrowed by it. */
export interface ListedWebhook extends RegistrationView {
  readonly health?: WebhookHealth;
}

/** One page. `nextCursor` is absent on the last; a page narrowed by text or health may be short and still have one. */
export interface WebhookPage {
  readonly webhooks: readonly ListedWebhook[];
  readonly nextCursor?: string;
}

/** How many pages one request reads in search of a text. */
const PAGES_SEARCHED = 10;

/** @throws {WebhookError} `invalid_cursor` */
export async function listWebhooks(services: Services, request: ListRequest): Promise<WebhookPage> {
  const page = await findPage(services, request);
  const wanted = request.health && {
    statuses: request.health,
    deadLetters: await countDeadLetters(services, request.tenantId),
  };
  const listed = await Promise.all(page.items.map((registration) => toListed(services, registration, wanted)));
  const webhooks = listed.filter((webhook) => webhook !== undefined);
  return { webhooks, ...(page.cursor === undefined ? {} : { nextCursor: page.cursor }) };
}

/** The next page with the text in it, if it is among the next few pages. */
async function findPage(services: Services, request: ListRequest): Promise<Page<Registration>> {
  const { tenantId, integrationId, text, limit } = request;
  let { cursor } = request;
  for (let pages = 1; ; pages++) {
    const page = await services.registrations.list(tenantOf(services, tenantId), {
      limit,
      ...(integrationId === undefined ? {} : { integrationId }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const items = text === undefined ? page.items : page.items.filter((item) => hasText(item, text.toLowerCase()));
    if (items.length > 0 || page.cursor === undefined || pages === PAGES_SEARCHED) return { ...page, items };
    cursor = page.cursor;
  }
}

function hasText({ id, integrationId, connectionId, events, metadata }: Registration, text: string): boolean {
  const texts = [id, integrationId, connectionId, ...events, ...Object.values(metadata)];
  return texts.some((candidate) => candidate.toLowerCase().includes(text));
}

async function toListed(
  services: Services,
  registration: Registration,
  wanted: { readonly statuses: ReadonlySet<HealthStatus>; readonly deadLetters: DeadLetterCounts } | undefined,
): Promise<ListedWebhook | undefined> {
  const view = toRegistrationView(services, registration);
  if (wanted === undefined) return view;
  const health = await healthOf(services, registration, wanted.deadLetters);
  return wanted.statuses.has(health.status) ? { ...view, health } : undefined;
}
