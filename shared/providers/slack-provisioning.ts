import type { ProvisioningRules } from "../core/provider";

/** An app's event subscriptions, by its manifest. */
export const slackProvisioning: ProvisioningRules = {
  targets: [
    {
      type: "object",
      required: ["kind", "appId"],
      additionalProperties: false,
      properties: {
        kind: { const: "slack_app" },
        appId: { type: "string", pattern: "^A[A-Z0-9]{1,30}$" },
        botEvents: {
          type: "array",
          minItems: 1,
          maxItems: 100,
          uniqueItems: true,
          items: { type: "string", pattern: "^[a-z_]+(\\.[a-z_]+)?$", maxLength: 100 },
          description: "Added to those that the app is subscribed to already: `message.channels`.",
        },
        connectionId: {
          type: "string",
          minLength: 1,
          maxLength: 200,
          pattern: "^[^\\u0000-\\u001f]+$",
          description: "The connection with the app configuration token, where that is not the webhook's own.",
        },
      },
    },
  ],
  schemeOf: () => "native",
  problems: (_target, _settings, secretOrigin) =>
    secretOrigin === "generated"
      ? [{ path: "/webhookSecret", message: "is required: the app's Signing Secret, which no API tells" }]
      : [],
  // Slack's names of subscriptions are not those of events: `message.channels` sends `message`.
  eventsOf: () => [],
};
