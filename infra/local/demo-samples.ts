import type { GoogleStandIn } from "./google-stand-in";
import { githubSamples } from "./samples/github";
import { googleSamples } from "./samples/google";
import { notionSamples } from "./samples/notion";
import { salesforceSamples } from "./samples/salesforce";
import { type SampleProvider, signed, type Signing } from "./samples/sample";
import { slackSamples } from "./samples/slack";

/** One delivery of the demo, made as its provider makes it. */
export interface Sample {
  readonly what: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A provider of the demo: how its webhook is registered and what it then delivers. */
export interface DemoProvider {
  readonly integrationId: string;
  readonly registration: Readonly<Record<string, unknown>>;
  readonly samples: (webhook: { readonly webhookUrl: string; readonly secret: string }) => readonly Sample[];
}

/** Apex callout and change event. */
export const salesforceDemo = demoOf(salesforceSamples, ["created", "change_event"], {
  connectionId: "demo-org",
  events: ["Contact.*", "Account.*"],
});

/** A page that was changed, signed with a verification token that Notion would have issued. */
export const notionDemo = demoOf(
  notionSamples,
  ["page.content_updated"],
  { connectionId: "demo-workspace", events: ["page.*"], webhookSecret: "secret_demoVerificationToken" },
  { scheme: "native" },
);

/** A message, signed with a signing secret as Slack's. */
export const slackDemo = demoOf(slackSamples, ["message"], {
  connectionId: "demo-team",
  events: ["message.*"],
  webhookSecret: "8f742231b10e8888abcd99yyyzzz85a5",
});

/** Real payloads. */
export const githubDemo = demoOf(githubSamples, ["ping", "issues", "push", "pull_request"], {
  connectionId: "demo-repository",
  events: ["issues.*", "push", "pull_request.*", "branch.*"],
});

/** A Gmail notification and a Cloud Storage one, with tokens whose certificate the stand-in serves. */
export function googleDemo({ key }: GoogleStandIn): DemoProvider {
  const { verification } = googleSamples;
  const registration = { connectionId: "demo-project", events: ["*"], verification };
  return demoOf(googleSamples, ["gmail", "storage"], registration, { googleKey: key });
}

function demoOf(
  provider: SampleProvider,
  names: readonly string[],
  registration: Readonly<Record<string, unknown>>,
  more: Partial<Signing> = {},
): DemoProvider {
  return {
    integrationId: provider.integrationId,
    registration,
    samples: ({ webhookUrl, secret }) => {
      const signing = { secret, scheme: provider.schemes[0], webhookUrl, ...more };
      return names.map((what) => signedSample(provider, what, signing));
    },
  };
}

function signedSample(provider: SampleProvider, what: string, signing: Signing): Sample {
  const content = provider.events.get(what)?.();
  if (content === undefined) throw new RangeError(`${provider.integrationId} has no sample ${what}`);
  const { body, headers } = signed(provider, content, signing);
  return { what, body: body.toString("utf8"), headers };
}
