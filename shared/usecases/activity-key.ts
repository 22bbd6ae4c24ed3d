import type { Registration } from "../core/registration";
import type { ActivityKey } from "../repositories/activities";

/** Where the activity of a registration is kept. */
export function activityKeyOf(registration: Pick<Registration, "id" | "tenantId" | "pk">): ActivityKey {
  return { registrationId: registration.id, tenantId: registration.tenantId, pk: registration.pk };
}
