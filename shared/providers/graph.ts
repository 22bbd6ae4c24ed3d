import type { DeliveryRequest } from "../core/delivery-request";
import { asArray, at, textAt } from "../core/json";
import type { HandshakeReply, Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import { foreignSignature } from "./foreign-signature";
import { parseGraph } from "./graph-events";
import { demandSecrets } from "./signature";
import { trust } from "./trust";

/**
 * Change notifications of Microsoft Graph (learn.microsoft.com/graph/change-notifications-delivery-webhooks). Nothing is
 * signed: each notification in `value` states the `clientState` of its subscription, which only Graph and we know. It
 * must be our secret in every one of them. There is no timestamp, so a repeat is told by the notifications' ids.
 *
 * Before Graph creates a subscription it POSTs `?validationToken=…` without a body and wants the token back as text.
 * One webhook serves many subscriptions, each is created anew when it expires, and Graph does not document whether a
 * renewal is checked too: so the check is answered as long as the webhook is active, not only before its first delivery.
 * That gives nobody anything: the reply says only what was asked, as text that no browser runs, and whoever makes Graph
 * deliver here still lacks the clientState.
 */
const MAX_TOKEN_LENGTH = 1024;
/** "Microsoft Graph never sends any value containing HTML or JavaScript code" (notificationUrl validation). */
const harmless = /^[^<>&"'`\p{C}]+$/u;
/** `changeNotification`, `clientState`: "The maximum length is 255 characters"; of a subscription it is 128. */
const MAX_CLIENT_STATE_LENGTH = 128;

/** Microsoft 365 and the rest of Microsoft Graph. */
export const graph: Provider = {
  id: "graph",
  displayName: "Microsoft Graph",
  schemes: ["native"],
  importedScheme: "native",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  // "tries to resend the change notification multiple times, for up to 4 hours"; an hour is added for the last one's way.
  rememberSeconds: 5 * 3600,
  hints: {
    secret: "compare the clientState with which the subscription was created with this webhook's secret.",
    deliveries:
      "GET https://graph.microsoft.com/v1.0/subscriptions and look at notificationUrl and expirationDateTime.",
  },

  secretProblem: (secret) =>
    secret.length > MAX_CLIENT_STATE_LENGTH ? `must be at most ${MAX_CLIENT_STATE_LENGTH} characters long` : undefined,

  verify(request, proof) {
    demandClientStates(request, proof);
    return trust(request);
  },

  explain: (request, { scheme }, reason) =>
    reason === "client_state_missing" ? foreignSignature(request, "graph", scheme) : undefined,

  parse: parseGraph,

  answerProbe,

  setupSteps,
};

function demandClientStates(request: DeliveryRequest, { scheme, secrets }: Proof): void {
  if (!graph.schemes.includes(scheme)) throw new DeliveryRefused("scheme_unknown");
  const states = asArray(at(request.json(), "value")).map((notification) => textAt(notification, "clientState"));
  const stated = states.filter((state) => state !== undefined);
  if (states.length === 0 || stated.length < states.length) throw new DeliveryRefused("client_state_missing");
  demandSecrets(secrets, stated, "secret_mismatch");
}

function answerProbe(request: DeliveryRequest): HandshakeReply | undefined {
  const token = request.query.get("validationToken");
  if (token === null || request.body.length > 0) return undefined;
  if (token.length > MAX_TOKEN_LENGTH || !harmless.test(token)) return undefined;
  return {
    status: 200,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    body: token,
  };
}

function setupSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    "In the Microsoft Entra admin centre give your app registration the permissions for what it shall watch, and get a token for it.",
    `POST https://graph.microsoft.com/v1.0/subscriptions with {"changeType":"created,updated,deleted","notificationUrl":"${webhookUrl}","lifecycleNotificationUrl":"${webhookUrl}","resource":"…","expirationDateTime":"…","clientState":"<webhookSecret>"}.`,
    "Graph checks the URL at once: the answer must be 201. Every subscription for this webhook needs the same clientState.",
    "Subscriptions expire, most within days: PATCH expirationDateTime in time, and create the subscription anew on subscription.deleted.",
    "Leave includeResourceData off: notifications are hints, and what is encrypted in them is not read.",
  ];
}
