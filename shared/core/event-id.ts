import { hash } from "node:crypto";

/**
 * The id of the n-th event of a delivery, the same whenever it repeats: by the provider's own id of the event, which may
 * come back in other company, else by the delivery's id and the place within it. At most 128 characters.
 */
export function eventIdOf(
  registrationId: string,
  deliveryId: string,
  { index, id }: { readonly index: number; readonly id?: string | undefined },
): string {
  const digest = hash("sha256", `${registrationId}\n${id ?? deliveryId}`, "hex");
  return id === undefined ? `${digest}#${index}` : `${digest}#own`;
}
