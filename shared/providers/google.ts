import type { Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { VerificationSettings } from "../core/registration";
import { explainToken } from "./explain-token";
import { googleProvisioning } from "./google-provisioning";
import { GoogleCertificates } from "./google-certificates";
import { CHANNEL, channelHandshake, demandChannel, explainChannel, parseChannel } from "./google-channel";
import { parseGoogle } from "./google-events";
import { messageProperties, messageSettingsProblems } from "./google-mapped-message";
import { demandGoogleToken, type TokenDemands } from "./google-token";
import { trust } from "./trust";

/**
 * Google, through Pub/Sub push subscriptions with authentication: `Authorization: Bearer <JWT>`, signed by Google
 * (RS256) for the audience and the service account of the subscription. There is no shared secret. The token does not
 * cover the body and lives for an hour, so that a repeat is told by the message's id. `seed` and `native` are the same.
 * `channel`: the notification channels of Calendar and Drive, which carry a shared secret as their token.
 */

/** Where Google's certificates come from; tests and private clouds have an address of their own. */
export interface GoogleOptions {
  /** Answers `{"<key id>":"<PEM>"}`; normally `https://www.googleapis.com/oauth2/v1/certs`. */
  readonly certificatesUrl: string;
}

const missing = ["serviceAccountEmail", "audience"] as const;

/** Gmail, Workspace, Cloud Storage and anything else that is published to a Pub/Sub topic. */
export function createGoogleProvider(options: GoogleOptions): Provider {
  const certificates = new GoogleCertificates(options.certificatesUrl);
  return {
    id: "google",
    displayName: "Google",
    schemes: ["seed", "native", CHANNEL],
    importedScheme: "native",
    usesSecret: true,
    exceptionalSchemes: ["seed", "native"],
    // A message holds up to 10 MB, which base64 and the envelope make 13.5 MB (Pub/Sub, "Quotas and limits").
    maxBodyBytes: 14 * 1024 * 1024,
    // Unacknowledged messages are repeated until their retention ends, 7 days by default.
    rememberSeconds: 7 * 86_400,
    verificationProperties: {
      audience: { type: "string", minLength: 1, maxLength: 2048 },
      serviceAccountEmail: { type: "string", maxLength: 320, pattern: "^[^@\\s]+@[^@\\s]+$" },
      channelId: { type: "string", minLength: 1, maxLength: 100 },
      resourceId: { type: "string", minLength: 1, maxLength: 200 },
      ...messageProperties,
    },
    toldHeaders: {
      shown: [
        "x-goog-channel-id",
        "x-goog-message-number",
        "x-goog-resource-id",
        "x-goog-resource-state",
        "x-goog-changed",
        "x-goog-channel-expiration",
        "ce-type",
        "ce-id",
      ],
      masked: ["authorization", "x-goog-channel-token"],
    },
    hints: {
      secret:
        "compare the push subscription's service account and audience with this webhook's verification settings, or the channel's token with its secret.",
      deliveries:
        "open Pub/Sub > Subscriptions in the Google Cloud console and look at the push metrics, or see whether the channel has expired.",
    },
    missingSettings,
    settingsProblems: messageSettingsProblems,
    async verify(request, proof) {
      if (proof.scheme === CHANNEL) demandChannel(request, proof);
      else await demandGoogleToken(request, certificates, demandsOf(proof));
      return trust(request);
    },
    explain: (request, proof, reason) =>
      proof.scheme === CHANNEL ? explainChannel(request, reason) : explainToken(request, proof, reason),
    parse: (request, now, settings = {}) =>
      settings.scheme === CHANNEL ? parseChannel(request, now) : parseGoogle(request, settings),
    handshake: (request, { scheme } = {}) => (scheme === CHANNEL ? channelHandshake(request) : undefined),
    setupSteps: (context) => (context.scheme === CHANNEL ? channelSteps(context) : pushSteps(context)),
    provisioning: googleProvisioning,
  };
}

function missingSettings(settings: VerificationSettings): readonly string[] {
  if (settings.scheme === CHANNEL) return [];
  return missing.filter((name) => (settings[name] ?? "") === "");
}

function demandsOf({ scheme, settings, toleranceSeconds, now }: Proof): TokenDemands {
  if (scheme !== "seed" && scheme !== "native") throw new DeliveryRefused("scheme_unknown");
  const { audience = "", serviceAccountEmail = "" } = settings;
  if (audience === "" || serviceAccountEmail === "") throw new DeliveryRefused("pending_verification");
  return { audience, serviceAccountEmail, toleranceSeconds, now };
}

function channelSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    "Choose what to watch: events of a calendar (calendar/v3/calendars/{calendarId}/events/watch), a file of Drive (drive/v3/files/{fileId}/watch), or all changes (drive/v3/changes/watch).",
    `POST there, with the user's access token, {"id":"<a new UUID>","type":"web_hook","address":"${webhookUrl}","token":"<webhookSecret>"}: the token is the only proof of where a notification comes from.`,
    `To take notifications of this channel alone, PATCH ${webhookUrl} with {"verification":{"channelId":"…","resourceId":"…"}}, both from Google's answer.`,
    "Before its expiration open a new channel with a new id, then stop the old one: channels cannot be renewed.",
  ];
}

function pushSteps({ webhookUrl, settings, missingSettings: unset }: SetupContext): readonly string[] {
  const account = settings.serviceAccountEmail ?? "the service account";
  return [
    "In the Google Cloud console open IAM & Admin > Service Accounts > Create service account, for the push subscription to identify itself with.",
    ...(unset.includes("serviceAccountEmail")
      ? [
          `Tell us its address, without which every delivery is refused: PATCH ${webhookUrl} with {"verification":{"serviceAccountEmail":"NAME@PROJECT.iam.gserviceaccount.com"}}.`,
        ]
      : []),
    ...(unset.includes("audience")
      ? [`Tell us the audience of the tokens: PATCH ${webhookUrl} with {"verification":{"audience":"${webhookUrl}"}}.`]
      : []),
    "Open Pub/Sub > Topics and create the topic that your source publishes to (for Gmail grant Pub/Sub Publisher on it to gmail-api-push@system.gserviceaccount.com).",
    `Open Pub/Sub > Subscriptions > Create subscription, choose that topic, delivery type Push, and paste ${webhookUrl} as endpoint URL.`,
    `Tick "Enable authentication", choose ${account}, and enter ${settings.audience ?? webhookUrl} as audience.`,
    "Leave payload unwrapping off, or switch on both it and its metadata, without which repeated messages cannot be told apart.",
    "Google Contacts cannot push: changes of contacts have to be polled.",
  ];
}
