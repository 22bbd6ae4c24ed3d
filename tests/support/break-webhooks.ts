import { WebhookError } from "../../shared/core/errors";
import type { Services } from "../../shared/usecases/services";

/** The store answers no question about these webhooks, until jest restores its mocks. */
export function breakWebhooks({ gatherer }: Services, ...broken: readonly string[]): void {
  const read = gatherer.activityOf.bind(gatherer);
  jest
    .spyOn(gatherer, "activityOf")
    .mockImplementation((key) =>
      broken.includes(key.registrationId) ? Promise.reject(new WebhookError("store_unavailable")) : read(key),
    );
}
