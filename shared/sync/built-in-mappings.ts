import type { Mapping } from "../core/mapping";
import { githubMappings } from "./built-in/github";
import { googleMappings } from "./built-in/google";
import { notionMappings } from "./built-in/notion";
import { salesforceMappings } from "./built-in/salesforce";
import { slackMappings } from "./built-in/slack";

/** The mappings that come with the product, by integration and entity type in lower case. All are inbound. */
export const builtInMappings: Readonly<Record<string, Readonly<Record<string, Mapping>>>> = {
  github: githubMappings,
  google: googleMappings,
  notion: notionMappings,
  salesforce: salesforceMappings,
  slack: slackMappings,
};

/** The mapping that counts where the tenant has none; `undefined` where there is none either. */
export function builtInMapping(integrationId: string, entityType: string): Mapping | undefined {
  const mappings = Object.hasOwn(builtInMappings, integrationId) ? builtInMappings[integrationId] : undefined;
  const name = entityType.toLowerCase();
  return mappings && Object.hasOwn(mappings, name) ? mappings[name] : undefined;
}
