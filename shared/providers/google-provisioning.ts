import type { Problem } from "../core/errors";
import type { ProvisioningRules, TargetSchema } from "../core/provider";
import type { HookTarget } from "../core/provider-hook";
import type { VerificationSettings } from "../core/registration";
import { CHANNEL } from "./google-channel";

/** What a topic and its subscription may be called (Pub/Sub, "Guidelines to name a resource"). */
const resourceName = { type: "string", pattern: "^(?!goog)[A-Za-z][A-Za-z0-9._~+-]{2,254}$" } as const;
const topic = {
  project: { type: "string", pattern: "^[a-z][a-z0-9.:-]{3,99}$" },
  topic: resourceName,
  subscription: resourceName,
} as const;
const id = { type: "string", minLength: 1, maxLength: 512, pattern: "^[^\\s/]+$" } as const;

function target(kind: HookTarget["kind"], required: object, optional: object = {}): TargetSchema {
  return {
    type: "object",
    required: ["kind", ...Object.keys(required)],
    additionalProperties: false,
    properties: { kind: { const: kind }, ...required, ...optional },
  };
}

const { subscription, ...topicFields } = topic;

/** Google's Pub/Sub, the sources that publish to it, and the channels of Calendar and Drive. */
export const googleProvisioning: ProvisioningRules = {
  targets: [
    target("pubsub", topicFields, { subscription }),
    target("gmail", topicFields, {
      subscription,
      labelIds: { type: "array", minItems: 1, maxItems: 100, items: { type: "string", minLength: 1, maxLength: 200 } },
    }),
    target(
      "workspace_events",
      {
        ...topicFields,
        targetResource: { type: "string", maxLength: 500, pattern: '^//[a-z]+\\.googleapis\\.com/[^\\s"\\\\]+$' },
        eventTypes: {
          type: "array",
          minItems: 1,
          maxItems: 50,
          uniqueItems: true,
          items: { type: "string", maxLength: 200, pattern: "^google\\.workspace\\.[A-Za-z0-9.]+$" },
        },
      },
      { subscription },
    ),
    target("calendar", { calendarId: id }),
    target("drive_file", { fileId: id }),
    target("drive_changes", {}),
  ],
  schemeOf: (wanted) => (isWatched(wanted) ? CHANNEL : "native"),
  problems: (wanted, settings) => (isWatched(wanted) ? channelProblems(settings) : tokenProblems(settings)),
  // What is published is a matter of the target; the patterns choose among it on receipt.
  eventsOf: () => [],
};

function isWatched({ kind }: HookTarget): boolean {
  return kind === "calendar" || kind === "drive_file" || kind === "drive_changes";
}

function channelProblems({ scheme, channelId, resourceId }: VerificationSettings): readonly Problem[] {
  const message = "is not for a webhook whose channels we open: there is another one every day";
  return [
    ...(scheme === CHANNEL ? [] : [{ path: "/verification/scheme", message: "must be channel for this target" }]),
    ...(channelId === undefined ? [] : [{ path: "/verification/channelId", message }]),
    ...(resourceId === undefined ? [] : [{ path: "/verification/resourceId", message }]),
  ];
}

function tokenProblems({ scheme, serviceAccountEmail }: VerificationSettings): readonly Problem[] {
  const message = "is required: the service account that the push subscription identifies itself with";
  return [
    ...(scheme === CHANNEL ? [{ path: "/verification/scheme", message: "must not be channel for this target" }] : []),
    ...(serviceAccountEmail === undefined ? [{ path: "/verification/serviceAccountEmail", message }] : []),
  ];
}
