import { authKinds } from "../core/connection";
import { label } from "./schemas";

/** JSON schemas of the connections, beside those of `schemas.ts`. Credentials go in and never come out. */

/** Ids, secrets and tokens: printable, without spaces. */
const word = (maxLength: number) => ({ type: "string", minLength: 1, maxLength, pattern: "^[\\x21-\\x7e]+$" }) as const;
const privateKey = {
  type: "string",
  minLength: 1,
  maxLength: 8192,
  pattern: "^[\\x20-\\x7e\\r\\n]+$",
  description: "An RSA private key in PEM (PKCS #1 or #8).",
} as const;

function credentials<K extends keyof typeof authKinds>(
  kind: K,
  required: Readonly<Record<string, object>>,
  optional: Readonly<Record<string, object>> = {},
) {
  return {
    type: "object",
    required: ["kind", ...Object.keys(required)],
    additionalProperties: false,
    properties: { kind: { const: kind }, ...required, ...optional },
  } as const;
}

// The lengths add up to less than the 25 KB that a secret may have.
const auth = {
  type: "object",
  description: "Credentials, by kind. They are kept in the secret store and never shown again.",
  discriminator: { propertyName: "kind" },
  oneOf: [
    credentials("bearer", { token: word(8192) }),
    credentials(
      "oauth2",
      { clientId: word(512), clientSecret: word(2048), refreshToken: word(4096) },
      { accessToken: word(8192), tokenUrl: { type: "string", maxLength: 2048, format: "uri" } },
    ),
    credentials("github_app", { appId: word(64), installationId: word(64), privateKey }),
    credentials(
      "google_service_account",
      {
        clientEmail: { type: "string", format: "email", maxLength: 320 },
        privateKey,
        scopes: { type: "array", minItems: 1, maxItems: 40, items: word(200) },
      },
      { subject: { type: "string", format: "email", maxLength: 320 } },
    ),
    credentials("salesforce_client_credentials", { clientId: word(512), clientSecret: word(2048) }),
    credentials(
      "salesforce_jwt",
      { clientId: word(512), username: word(320), privateKey },
      { audience: { type: "string", maxLength: 2048, format: "uri" } },
    ),
  ],
} as const;

const accountLabel = { ...label, description: "Your own name for the account." } as const;
const baseUrl = {
  type: "string",
  format: "uri",
  maxLength: 2048,
  description: "Where this account's API is: a Salesforce instance, the API of a GitHub Enterprise.",
} as const;
const time = { type: "string", format: "date-time" } as const;

/** Path parameter: a connection, in the tenant's own words. */
export const connectionIdParameter = label;

/** Query parameter: only connections that stand so. */
export const connectionStatusParameter = { enum: ["active", "needs_reauth"] } as const;

/** Body of `PUT /integrations/{integrationId}/connections/{connectionId}`. */
export const connectionBodySchema = {
  title: "SaveConnection",
  type: "object",
  additionalProperties: false,
  properties: { accountLabel, baseUrl, auth },
} as const;

/** A connection, without its credentials. */
export const connectionSchema = {
  title: "Connection",
  type: "object",
  required: ["integrationId", "connectionId", "auth", "status", "createdAt", "updatedAt"],
  properties: {
    integrationId: { type: "string" },
    connectionId: { type: "string" },
    accountLabel,
    baseUrl,
    auth: {
      type: "object",
      required: ["credentialsSet"],
      properties: { kind: { enum: Object.keys(authKinds) }, credentialsSet: { type: "boolean" } },
    },
    status: connectionStatusParameter,
    statusReason: { type: "string", description: "The code for which the provider refused the credentials." },
    statusChangedAt: time,
    createdAt: time,
    updatedAt: time,
  },
} as const;

/** One page of connections. */
export const connectionPageSchema = {
  title: "ConnectionPage",
  type: "object",
  required: ["connections"],
  properties: { connections: { type: "array", items: connectionSchema }, nextCursor: { type: "string" } },
} as const;
