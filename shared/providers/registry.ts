import type { Provider } from "../core/provider";
import { cloudevents } from "./cloudevents";
import { customHmac } from "./custom-hmac";
import { github } from "./github";
import { createGoogleProvider } from "./google";
import { graph } from "./graph";
import { notion } from "./notion";
import { salesforce } from "./salesforce";
import { shopify } from "./shopify";
import { slack } from "./slack";
import { standard } from "./standard";
import { stripe } from "./stripe";
import { twilio } from "./twilio";

/** Addresses at vendors that tests and private clouds may point elsewhere. */
export interface ProviderOptions {
  readonly googleCertificatesUrl: string;
}

/** Every provider, by the id that routes and registrations name. */
export function createProviders(options: ProviderOptions): ReadonlyMap<string, Provider> {
  const all = [
    salesforce,
    notion,
    slack,
    github,
    createGoogleProvider({ certificatesUrl: options.googleCertificatesUrl }),
    standard,
    cloudevents,
    graph,
    stripe,
    shopify,
    twilio,
    customHmac,
  ];
  return new Map(all.map((provider) => [provider.id, provider]));
}
