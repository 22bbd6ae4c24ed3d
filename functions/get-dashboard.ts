import { WebhookError } from "../shared/core/errors";
import { dashboardFiles } from "../shared/http/dashboard-files";
import { staticEndpoint } from "../shared/http/endpoint";

/** Whatever the page shows came from outside, so nothing runs, loads or is sent anywhere but here. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `GET /dashboard`: a page that shows what the API answers. It holds no data itself, and so anyone may have it. */
staticEndpoint(
  {
    name: "get-dashboard",
    method: "GET",
    route: "dashboard/{file?}",
    summary: "The dashboard, a page for browsers",
    access: "anonymous",
    parameters: { path: { file: { type: "string", description: "Absent for the page itself." } } },
    responses: { 200: { description: "The page, or a file of it." }, 304: { description: "It did not change." } },
    errors: ["page_not_found"],
  },
  (request) => {
    const file = dashboardFiles().get(request.params["file"] ?? "index.html");
    if (!file) throw new WebhookError("page_not_found");
    const headers = {
      etag: file.etag,
      "cache-control": "no-cache",
      "content-type": file.contentType,
      "content-security-policy": contentSecurityPolicy,
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    };
    const isKnown = request.headers.get("if-none-match")?.includes(file.etag) === true;
    return isKnown ? { status: 304, headers } : { headers, body: file.content };
  },
);
