import { cloudeventsSamples } from "./cloudevents";
import { githubSamples } from "./github";
import { googleSamples } from "./google";
import { graphSamples } from "./graph";
import { hmacSamples } from "./hmac";
import { notionSamples } from "./notion";
import { salesforceSamples } from "./salesforce";
import type { SampleProvider } from "./sample";
import { shopifySamples } from "./shopify";
import { slackSamples } from "./slack";
import { standardSamples } from "./standard";
import { stripeSamples } from "./stripe";
import { twilioSamples } from "./twilio";

/** Every provider that there are samples of, by its id. */
export const sampleProviders: ReadonlyMap<string, SampleProvider> = new Map(
  [
    salesforceSamples,
    notionSamples,
    slackSamples,
    githubSamples,
    googleSamples,
    standardSamples,
    cloudeventsSamples,
    graphSamples,
    stripeSamples,
    shopifySamples,
    twilioSamples,
    hmacSamples,
  ].map((provider) => [provider.integrationId, provider]),
);
