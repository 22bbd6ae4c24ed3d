import type { VendorSession } from "./vendor-api";

/** The address of one of Google's services, without a slash at the end. */
export function serviceUrl({ baseUrl }: VendorSession, service: string): string {
  return baseUrl.replace("{service}", service);
}
