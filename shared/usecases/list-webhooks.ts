import type { HealthStatus, WebhookHealth } from "../core/health";
import type { Registration } from "../core/registration";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import type { Services } from "./services";
import { healthOf } from "./webhook-health";

/** What narrows and pages a list. */
export interface ListRequest {
  readonly tenantId: string;
  readonly integrationId?: string;
  /** Only webhooks whose present health is one of these. */
  readonly health?: ReadonlySet<HealthStatus>;
  readonly limit: number;
  readonly cursor?: string;
}

/** A webhook in a list; with its health where the list was narrowed by it. */
export interface ListedWebhook extends RegistrationView {
  readonly health?: WebhookHealth;
}

/** One page. `nextCursor` is absent on the last; a page narrowed by health may be short and still have one. */
export interface WebhookPage {
  readonly webhooks: readonly ListedWebhook[];
  readonly nextCursor?: string;
}

/** @throws {WebhookError} `invalid_cursor` */
export async function listWebhooks(services: Services, request: ListRequest): Promise<WebhookPage> {
  const { tenantId, integrationId, limit, cursor } = request;
  const page = await services.registrations.list(
    { tenantId, tenantKey: services.tenantKeyOf(tenantId) },
    { limit, ...(integrationId === undefined ? {} : { integrationId }), ...(cursor === undefined ? {} : { cursor }) },
  );
  const listed = await Promise.all(page.items.map((registration) => toListed(services, registration, request.health)));
  const webhooks = listed.filter((webhook) => webhook !== undefined);
  return { webhooks, ...(page.cursor === undefined ? {} : { nextCursor: page.cursor }) };
}

async function toListed(
  services: Services,
  registration: Registration,
  wanted: ReadonlySet<HealthStatus> | undefined,
): Promise<ListedWebhook | undefined> {
  const view = toRegistrationView(services, registration);
  if (wanted === undefined) return view;
  const health = await healthOf(services, registration);
  return wanted.has(health.status) ? { ...view, health } : undefined;
}
