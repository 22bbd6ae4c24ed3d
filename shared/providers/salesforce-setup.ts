import type { SetupContext } from "../core/provider";
import { OUTBOUND_MESSAGE } from "./salesforce-outbound-message";

/** What to do in Salesforce, for the scheme of the webhook. */
export function salesforceSteps(context: SetupContext): readonly string[] {
  switch (context.scheme) {
    case OUTBOUND_MESSAGE:
      return outboundMessageSteps(context);
    case "data360":
      return data360Steps(context);
    case "ens":
      return ensSteps(context);
    default:
      return apexSteps(context);
  }
}

function apexSteps({ webhookUrl, scheme }: SetupContext): readonly string[] {
  const origin = new URL(webhookUrl).origin;
  const signed = scheme === "timestamped" ? "timestamp + '.' + body" : "body";
  return [
    `In Salesforce open Setup > Security > Remote Site Settings > New Remote Site and enter ${origin}, so that Apex may call it.`,
    "Store webhookSecret in a Text (Encrypted) field of a custom object that no profile may read; never in the Apex source, nor in Custom Metadata, which protects nothing outside of a managed package.",
    "In Setup > Apex Triggers (or a record-triggered Flow with an Apex action) enqueue a Queueable that implements Database.AllowsCallouts for the objects you need.",
    `Let it POST ${webhookUrl} with the body {"action":"created","sobject":{"name":"Contact","fields":{"Id":"003…"}}}; action is created, updated, deleted or restored.`,
    `Let it set X-Salesforce-Event-Signature to 'sha256=' + EncodingUtil.convertToHex(Crypto.generateMac('hmacSHA256', Blob.valueOf(${signed}), Blob.valueOf(webhookSecret))).`,
    ...(scheme === "timestamped"
      ? [
          "Let it set X-Salesforce-Event-Timestamp to the same timestamp, String.valueOf(Datetime.now().getTime() / 1000), made anew for each attempt.",
        ]
      : []),
    "Let it set X-Salesforce-Event-Id to an id that stays the same when it repeats a call, for example a UUID made with UUID.randomUUID().",
    "A relay of change events (Pub/Sub API, CometD, or Event Relay with Amazon EventBridge) signs in the same way and sends the events as they are.",
  ];
}

function outboundMessageSteps({ webhookUrl, missingSettings }: SetupContext): readonly string[] {
  return [
    ...(missingSettings.includes("organizationId")
      ? [
          `Tell us the organisation, without which every message is refused: PATCH ${webhookUrl} with {"verification":{"organizationId":"00D…"}}, the 18 characters of Setup > Company Information > Salesforce.com Organization ID.`,
        ]
      : []),
    "In Salesforce open Setup > Outbound Messages > New Outbound Message and choose the object.",
    `Enter ${webhookUrl} as Endpoint URL, and leave Send Session ID off: it is a credential that nobody needs here.`,
    "Choose the fields to send, with Id, CreatedDate, LastModifiedDate and SystemModstamp among them: they tell a new record from a changed one, and an older message from a newer.",
    "Let a record-triggered Flow or a Workflow Rule send the message.",
    "Look at Setup > Outbound Messages > View Message Delivery Status for messages that wait to be sent again.",
  ];
}

function data360Steps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    `In Data 360 open Data Action Targets > New, choose Webhook, and enter ${webhookUrl} as target URL.`,
    "Generate the secret key of the target: without one, Data 360 sends nothing.",
    `PATCH ${webhookUrl} with {"webhookSecret":"…"}: the key takes the place of the secret handed out here. A renewed key takes up to 15 minutes to be used.`,
    "Create a Data Action with this target and the objects you need.",
  ];
}

function ensSteps({ webhookUrl }: SetupContext): readonly string[] {
  return [
    `Create the callback: POST /platform/v1/ens-callbacks with {"callbackName":"…","url":"${webhookUrl}","maxBatchSize":500}, and keep the signatureKey of the answer, which is shown once.`,
    `Marketing Cloud now sends a verification key here: POST ${webhookUrl}/confirm shows it to you, once.`,
    "Verify the callback: POST /platform/v1/ens-verify with its callbackId and that verificationKey.",
    `PATCH ${webhookUrl} with {"webhookSecret":"<signatureKey>"}: it takes the place of the secret handed out here. If deliveries are refused all the same, set verification.keyEncoding to base64.`,
    "Create a subscription for the callback: POST /platform/v1/ens-subscriptions with the event types you need.",
  ];
}
