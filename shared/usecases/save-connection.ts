import { createPrivateKey } from "node:crypto";
import { authKinds, type Connection, type CredentialsPointer } from "../core/connection";
import type { Credentials } from "../core/credentials";
import { type Problem, WebhookError } from "../core/errors";
import { isAllowedUrl } from "../core/outbound";
import { askForHooksOf } from "./ask-for-hooks";
import { activeAgain, toSecretText } from "./connection-credentials";
import { connectionKeyOf, type ConnectionName, type ConnectionView, toConnectionView } from "./connection-view";
import type { Services } from "./services";

/** A connection as its tenant wants it. */
export interface SaveConnectionRequest {
  readonly accountLabel?: string;
  /** For accounts with an address of their own: a Salesforce instance, a GitHub Enterprise. */
  readonly baseUrl?: string;
  /** Absent: the credentials that are set stay. */
  readonly auth?: Credentials;
}

/** The connection as it is now, and whether there was none before. */
export interface SavedConnection {
  readonly connection: ConnectionView;
  readonly created: boolean;
}

/**
 * Creates or replaces a connection. Credentials are stored first, then the document that points to them; new ones make
 * the connection active again, and the timer tries again what could not be set up with the old. Credentials never move to another address with what they were: whoever changes `baseUrl`
 * has to bring them anew.
 * @throws {WebhookError} `unknown_integration`, `invalid_request`, `store_unavailable`, `secrets_unavailable`
 */
export async function saveConnection(
  services: Services,
  name: ConnectionName,
  request: SaveConnectionRequest,
): Promise<SavedConnection> {
  if (!services.providers.has(name.integrationId)) throw new WebhookError("unknown_integration");
  checkRequest(services, name.integrationId, request);
  const key = connectionKeyOf(services, name);
  const known = await services.connections.find(key);
  const auth = request.auth && (await storeCredentials(services, known, request.auth));
  const now = new Date(services.now()).toISOString();
  let replaced: Connection | undefined;
  const saved = await services.connections.update(key, (current, id) => {
    replaced = current;
    return changed(current ?? newConnection(name, id, now), { request, auth, now });
  });
  // Lost a race for the first credentials: those of the other are nobody's any more.
  const left = replaced?.auth?.secretName;
  if (auth && left !== undefined && left !== auth.secretName) await services.secrets.delete(left);
  if (!saved) throw new WebhookError("connection_not_found");
  if (auth) await askForHooksOf(services, key);
  services.log("info", "connection.saved", { connection: saved.id, integrationId: saved.integrationId });
  return { connection: toConnectionView(saved), created: replaced === undefined };
}

function newConnection(name: ConnectionName, id: Pick<Connection, "id" | "pk">, now: string): Connection {
  const { tenantId, integrationId, connectionId } = name;
  return {
    ...id,
    tenantId,
    schemaVersion: 1,
    integrationId,
    connectionId,
    status: "active",
    createdAt: now,
    updatedAt: now,
  };
}

interface Change {
  readonly request: SaveConnectionRequest;
  readonly auth: CredentialsPointer | undefined;
  readonly now: string;
}

function changed(current: Connection, { request, auth, now }: Change): Connection {
  const { accountLabel: _, baseUrl: knownUrl, ...kept } = current;
  const baseUrl = request.baseUrl?.replace(/\/+$/, "");
  if (!auth && current.auth && baseUrl !== knownUrl) throw invalid("/auth", "is required when baseUrl changes");
  const next: Connection = {
    ...kept,
    ...(request.accountLabel === undefined ? {} : { accountLabel: request.accountLabel }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    updatedAt: now,
  };
  if (!auth) return next;
  // A refresh that is under way with the old credentials concerns the new ones no more.
  const { refreshClaimedUntil: _claim, ...active } = activeAgain(next);
  return { ...active, auth, ...(current.status === "active" ? {} : { statusChangedAt: now }) };
}

async function storeCredentials(
  { secrets, newId }: Services,
  known: Connection | undefined,
  credentials: Credentials,
): Promise<CredentialsPointer> {
  // A random name, because a vault keeps the name of a deleted secret, and a connection may be made anew.
  const secretName = known?.auth?.secretName ?? `connection-${newId()}`;
  const secretVersion = await secrets.set(secretName, toSecretText(credentials));
  return { kind: credentials.kind, secretName, secretVersion };
}

function checkRequest({ rules }: Services, integrationId: string, { baseUrl, auth }: SaveConnectionRequest): void {
  const problems: Problem[] = [];
  const addresses = { "/baseUrl": baseUrl, "/auth/tokenUrl": auth?.kind === "oauth2" ? auth.tokenUrl : undefined };
  for (const [path, address] of Object.entries(addresses)) {
    if (address === undefined) continue;
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || !isAllowedUrl(rules.outbound, url)) {
      problems.push({ path, message: "is not an https address of a host that the operator allows" });
    } else if (url.search !== "" || url.hash !== "") problems.push({ path, message: "must not have a query" });
  }
  if (auth) problems.push(...credentialProblems(integrationId, auth, baseUrl));
  if (problems.length > 0) throw new WebhookError("invalid_request", { problems });
}

function credentialProblems(integrationId: string, auth: Credentials, baseUrl: string | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  const owner = authKinds[auth.kind];
  if (owner !== undefined && owner !== integrationId) {
    problems.push({ path: "/auth/kind", message: `is for ${owner} alone` });
  }
  if (integrationId === "salesforce" && baseUrl === undefined) {
    problems.push({ path: "/baseUrl", message: "is required: the address of the Salesforce instance" });
  }
  if ("privateKey" in auth && !isRsaKey(auth.privateKey)) {
    problems.push({ path: "/auth/privateKey", message: "is not an RSA private key in PEM" });
  }
  return problems;
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}

function invalid(path: string, message: string): WebhookError {
  return new WebhookError("invalid_request", { problems: [{ path, message }] });
}
