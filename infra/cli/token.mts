/**
 * `npm run token -- --tenant T [--scope webhooks.read] [--scope webhooks.write] [--operator]`: makes an API token and
 * prints it, with the entry for the setting API_TOKENS. Without --scope it may read and write.
 */
import { createHash, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";

const usual = ["webhooks.read", "webhooks.write"];
const known = [...usual, "metrics.read"];

/** Ends with a one-line error. */
function refuse(message: string): never {
  console.error(message);
  process.exit(1);
}

function readArguments() {
  try {
    const options = {
      tenant: { type: "string" },
      scope: { type: "string", multiple: true, default: usual },
      operator: { type: "boolean", default: false },
    } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { tenant, scope, operator } = readArguments();
const scopes = scope.flatMap((list) => list.split(","));
const unknown = scopes.filter((name) => !known.includes(name));
if (tenant === undefined || tenant === "") refuse("--tenant is required");
if (unknown.length > 0) refuse(`unknown scope ${unknown.join(", ")}; there are ${known.join(", ")}`);

const token = `cwt_${randomBytes(32).toString("base64url")}`;
const hash = createHash("sha256").update(token).digest("hex");
const entry = { hash, tenantId: tenant, scopes, ...(operator ? { operator } : {}) };
console.log(`token (shown this once): ${token}`);
console.log(`entry for API_TOKENS:    ${JSON.stringify(entry)}`);
