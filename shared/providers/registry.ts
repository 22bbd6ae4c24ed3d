import type { Provider } from "../core/provider";
import { github } from "./github";
import { createGoogleProvider } from "./google";
import { notion } from "./notion";
import { salesforce } from "./salesforce";
import { slack } from "./slack";

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
  ];
  return new Map(all.map((provider) => [provider.id, provider]));
}
