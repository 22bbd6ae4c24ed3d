import type { Proof, Provider, SetupContext } from "../core/provider";
import { DeliveryRefused } from "../core/refusal";
import type { VerificationSettings } from "../core/registration";
import { GoogleCertificates } from "./google-certificates";
import { parseGoogle } from "./google-events";
import { demandGoogleToken, type TokenDemands } from "./google-token";
import { trust } from "./trust";

/**
 * Google, through Pub/Sub push subscriptions with authentication: `Authorization: Bearer <JWT>`, signed by Google
 * (RS256) for the audience and the service account of the subscription. There is no shared secret. The token does not
 * cover the body and lives for an hour, so that a repeat is told by the message's id. `seed` and `native` are the same.
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
    schemes: ["seed", "native"],
    importedScheme: "native",
    usesSecret: false,
    // A message holds up to 10 MB, which base64 and the envelope make 13.5 MB (Pub/Sub, "Quotas and limits").
    maxBodyBytes: 14 * 1024 * 1024,
    // Unacknowledged messages are repeated until their retention ends, 7 days by default.
    rememberSeconds: 7 * 86_400,
    verificationProperties: {
      audience: { type: "string", minLength: 1, maxLength: 2048 },
      serviceAccountEmail: { type: "string", maxLength: 320, pattern: "^[^@\\s]+@[^@\\s]+$" },
    },
    hints: {
      secret: "compare the push subscription's service account and audience with this webhook's verification settings.",
      deliveries: "open Pub/Sub > Subscriptions in the Google Cloud console and look at the push metrics.",
    },
    missingSettings,
    async verify(request, proof) {
      await demandGoogleToken(request, certificates, demandsOf(proof));
      return trust(request);
    },
    parse: (request) => parseGoogle(request),
    setupSteps,
  };
}

function missingSettings(settings: VerificationSettings): readonly string[] {
  return missing.filter((name) => (settings[name] ?? "") === "");
}

function demandsOf({ scheme, settings, toleranceSeconds, now }: Proof): TokenDemands {
  if (scheme !== "seed" && scheme !== "native") throw new DeliveryRefused("scheme_unknown");
  const { audience = "", serviceAccountEmail = "" } = settings;
  if (audience === "" || serviceAccountEmail === "") throw new DeliveryRefused("pending_verification");
  return { audience, serviceAccountEmail, toleranceSeconds, now };
}

function setupSteps({ webhookUrl, settings, missingSettings: unset }: SetupContext): readonly string[] {
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
