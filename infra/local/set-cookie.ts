import type { Cookie } from "@azure/functions";

/** A `Set-Cookie` value as ASP.NET Core, in which the Azure host is written, puts it: escaped, `/` the default path. */
export function toSetCookie(cookie: Cookie): string {
  const { name, value, domain, path = "/", expires, maxAge, secure, httpOnly, sameSite } = cookie;
  const parts = [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`];
  if (expires !== undefined) parts.push(`expires=${new Date(expires).toUTCString()}`);
  if (maxAge !== undefined) parts.push(`max-age=${Math.trunc(maxAge)}`);
  if (domain !== undefined) parts.push(`domain=${domain}`);
  parts.push(`path=${path}`);
  if (secure === true) parts.push("secure");
  if (sameSite !== undefined) parts.push(`samesite=${sameSite.toLowerCase()}`);
  if (httpOnly === true) parts.push("httponly");
  return parts.join("; ");
}
