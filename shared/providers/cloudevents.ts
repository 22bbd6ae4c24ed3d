import type { DeliveryRequest } from "../core/delivery-request";
import type { ParsedDelivery, Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused, type Explanation, type RefusalReason } from "../core/refusal";
import {
  binaryCloudEvent,
  type CloudEvent,
  fromCloudEvent,
  identityOf,
  joinedId,
  structuredCloudEvent,
} from "./cloud-event";
import { explainClaim } from "./explain-claim";
import { demandSecrets } from "./signature";
import { demandStandardHmac, standardReader, standardSecretProblem } from "./standard-signature";
import { trust } from "./trust";
import { withoutRepeats } from "./without-repeats";

/**
 * CloudEvents 1.0 over HTTP (github.com/cloudevents/spec, `bindings/http-protocol-binding.md`), of Azure Event Grid,
 * Knative and many more: structured (`application/cloudevents+json`), batched (`application/cloudevents-batch+json`) and
 * binary (`ce-` headers). CloudEvents sign nothing, so a delivery must bring a proof of its own:
 *
 * `bearer`: `Authorization: Bearer <the secret>` ("HTTP 1.1 Web Hooks for Event Delivery", 3.1). There is no timestamp,
 * so a repeat is told by its id alone. The `access_token` of that text's 3.2 is not taken: URLs end up in logs.
 * `standard`: a signature of Standard Webhooks. It covers the body and no `ce-` header, so binary mode is refused.
 */
const BATCH_TYPE = "application/cloudevents-batch";
const STRUCTURED_TYPE = "application/cloudevents";
const bearer = /^Bearer +([!-~]+)$/i;
/** `application/cloudevents+json; charset=utf-8`; of other formats (`+xml`, `+avro`) nothing is read. */
const jsonFormat = /^[^;]+\+json\s*(?:;|$)/;

/** Anything that sends CloudEvents. */
export const cloudevents: Provider = {
  id: "cloudevents",
  displayName: "CloudEvents",
  schemes: ["bearer", "standard"],
  importedScheme: "bearer",
  usesSecret: true,
  maxBodyBytes: 1024 * 1024,
  // Event Grid repeats for 24 hours at most ("Event Grid message delivery and retry"); an hour is added for the last one's way.
  rememberSeconds: 25 * 3600,
  asksConsent: true,
  toldHeaders: {
    shown: ["ce-id", "ce-type", "ce-source", "ce-time", "webhook-id", "webhook-timestamp"],
    masked: ["authorization", "webhook-signature"],
  },
  hints: {
    secret: "compare the bearer token, or the signing secret, that the sender was given for this URL.",
    deliveries: "look at the delivery metrics of the event subscription at the sender.",
  },

  secretProblem(secret, { scheme }) {
    if (scheme === "standard") return standardSecretProblem(secret);
    return /^[!-~]+$/.test(secret) ? undefined : "must be printable ASCII without spaces, to be sent as a bearer token";
  },

  verify(request, proof) {
    if (proof.scheme === "bearer") demandBearer(request, proof);
    else if (proof.scheme === "standard") demandSigned(request, proof);
    else throw new DeliveryRefused("scheme_unknown");
    return trust(request);
  },

  explain,

  parse,

  setupSteps,
};

const explainOtherwise = explainClaim("cloudevents", standardReader);
/** The header by which each scheme proves a delivery. */
const proofHeaders: ReadonlyMap<string, string> = new Map([
  ["bearer", "authorization"],
  ["standard", "webhook-signature"],
]);

function explain(request: DeliveryRequest, proof: Proof, reason: RefusalReason): Explanation | undefined {
  const isMissing = reason === "token_missing" || reason === "header_missing";
  const other = [...proofHeaders].find(
    ([scheme, name]) => scheme !== proof.scheme && request.headers.get(name) !== null,
  );
  if (!isMissing || other === undefined) return explainOtherwise(request, proof, reason);
  const [scheme, header] = other;
  const detail = `The header ${header} belongs to the scheme ${scheme}; this webhook is set to ${proof.scheme}.`;
  return { reason: "other_scheme", detail };
}

function demandBearer(request: DeliveryRequest, { secrets }: Proof): void {
  const header = request.headers.get("authorization");
  if (header === null || header === "") throw new DeliveryRefused("token_missing");
  const [, token] = bearer.exec(header) ?? [];
  if (token === undefined) throw new DeliveryRefused("token_malformed");
  demandSecrets(secrets, [token], "secret_mismatch");
}

function demandSigned(request: DeliveryRequest, proof: Proof): void {
  demandStandardHmac(request, proof);
  if (contentTypeOf(request).startsWith(STRUCTURED_TYPE)) return;
  throw new DeliveryRefused("content_unsigned");
}

function contentTypeOf({ headers }: DeliveryRequest): string {
  return (headers.get("content-type") ?? "").toLowerCase();
}

function parse(request: DeliveryRequest): ParsedDelivery {
  const contentType = contentTypeOf(request);
  if (!contentType.startsWith(STRUCTURED_TYPE)) return toDelivery([binaryCloudEvent(request)]);
  if (!jsonFormat.test(contentType)) return { events: [], ignored: "unsupported_format" };
  return parseCloudEvents(contentType.startsWith(BATCH_TYPE) ? request.json() : [request.json()]);
}

/** The events of a list of objects in the JSON format; `convert` makes a normalised event of each. */
export function parseCloudEvents(list: unknown, convert = fromCloudEvent): ParsedDelivery {
  const isList = Array.isArray(list);
  return isList ? toDelivery(list.map(structuredCloudEvent), convert) : { events: [], ignored: "unknown_shape" };
}

/** What is no CloudEvent is left out; where nothing is left, the delivery says so. A batch may be empty. */
function toDelivery(found: readonly (CloudEvent | undefined)[], convert = fromCloudEvent): ParsedDelivery {
  const cloudEvents = found.flatMap((event) => event ?? []);
  const events = withoutRepeats(cloudEvents.flatMap((event) => convert(event) ?? []));
  const deliveryId = joinedId(cloudEvents.map(identityOf));
  return { deliveryId, events, ...(events.length > 0 || found.length === 0 ? {} : { ignored: "unknown_shape" }) };
}

function setupSteps({ webhookUrl, scheme }: SetupContext): readonly string[] {
  return [
    `Give the sender the URL ${webhookUrl}. It may ask by OPTIONS whether it may deliver here, and is answered that it may.`,
    ...(scheme === "standard"
      ? [
          "Let it sign as Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature) with webhookSecret, in structured or batched mode: the ce- headers of binary mode would not be signed.",
        ]
      : [
          "Let it send the header Authorization: Bearer <webhookSecret> with every delivery; a token in the URL is not taken.",
          "In Azure Event Grid: create the event subscription with the schema CloudEvents v1.0 and the endpoint type Web Hook, and add under Delivery Properties a static, secret header Authorization with the value Bearer <webhookSecret>. Configure a dead-letter location: Event Grid does not repeat what was answered 401.",
        ]),
    "Send a test event: the answer must be 200, and events must name what arrived.",
  ];
}
