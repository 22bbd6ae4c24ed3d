import type { AuditEntry } from "../core/audit";
import type { Registration } from "../core/registration";
import { webhookFacts } from "./audit-facts";
import { recordChange } from "./record-change";
import type { Services } from "./services";

/** A change of a webhook that is not the resource of the request which made it, or that no request made. */
export interface WebhookChange extends Pick<AuditEntry, "action" | "by"> {
  readonly before: Registration;
  readonly after: Registration;
}

/** Writes it to the audit log of the webhook. Never throws. */
export async function recordWebhookChange(
  services: Services,
  { action, by, before, after }: WebhookChange,
): Promise<void> {
  const { id, tenantId } = after;
  await recordChange(services, {
    action,
    resource: `/webhooks/${id}`,
    tenantId,
    by,
    before: webhookFacts(before),
    after: webhookFacts(after),
  });
}
