import { WebhookError } from "../core/errors";
import type { WebhookHealth } from "../core/health";
import { type NewRegistration, registerWebhook, type RegisterRequest } from "./register-webhook";
import { type RegistrationView, toRegistrationView } from "./registration-view";
import type { Services } from "./services";
import { healthOf, listHealth } from "./webhook-health";

/** What may be given to `registerWebhook` besides its four arguments. */
export type RegisterOptions = Pick<
  RegisterRequest,
  "webhookSecret" | "verification" | "metadata" | "retryPolicy" | "redact" | "keepBodies" | "provision" | "target"
>;

/** The library calls that Castiel's own code makes; the HTTP functions run the same use cases. */
export interface WebhookService {
  /** @throws {WebhookError} as the use case of this name */
  registerWebhook(
    tenantId: string,
    integrationId: string,
    connectionId: string,
    events: readonly string[],
    options?: RegisterOptions,
  ): Promise<NewRegistration>;
  /** @throws {WebhookError} `registration_not_found` */
  checkWebhookHealth(registrationId: string): Promise<WebhookHealth>;
  /** All of a tenant's webhooks, of one integration if it is named. */
  listRegistrations(tenantId: string, integrationId?: string): Promise<RegistrationView[]>;
  /** Those that are degraded or failed, with their recommendations. */
  getUnhealthyWebhooks(tenantId: string): Promise<WebhookHealth[]>;
}

/** Binds the use cases to the services they run on. */
export function createWebhookService(services: Services): WebhookService {
  return {
    registerWebhook: (tenantId, integrationId, connectionId, events, options = {}) =>
      registerWebhook(services, { tenantId, integrationId, connectionId, events, ...options }),

    async checkWebhookHealth(registrationId) {
      const stored = await services.registrations.find(registrationId);
      if (!stored) throw new WebhookError("registration_not_found");
      return healthOf(services, stored.value);
    },

    async listRegistrations(tenantId, integrationId) {
      const views: RegistrationView[] = [];
      for await (const registration of services.registrations.listAll({
        tenantId,
        tenantKey: services.tenantKeyOf(tenantId),
      })) {
        if (integrationId !== undefined && registration.integrationId !== integrationId) continue;
        views.push(toRegistrationView(services, registration));
      }
      return views;
    },

    getUnhealthyWebhooks: (tenantId) => listHealth(services, tenantId, new Set(["degraded", "failed"])),
  };
}
