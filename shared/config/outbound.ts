import type { VendorSettings } from "../core/vendor-settings";
import type { SettingName, Values } from "./settings";

/** What calls that go out may reach, and how long they may take. */
export interface OutboundConfig {
  /** Hosts as in `OUTBOUND_HOSTS`, the vendors' own included. */
  readonly hosts: readonly string[];
  readonly allowLoopback: boolean;
  readonly timeoutMs: number;
}

/** Reads the settings of outbound calls. */
export function readOutbound(values: Values): { readonly outbound: OutboundConfig; readonly vendors: VendorSettings } {
  const vendors = toVendorSettings((name) => String(values[name]));
  return {
    outbound: {
      hosts: [...vendorHosts(vendors), ...listOf(values["OUTBOUND_HOSTS"])],
      allowLoopback: String(values["OUTBOUND_ALLOW_LOOPBACK"]) === "true",
      timeoutMs: Number(values["OUTBOUND_TIMEOUT_MS"]),
    },
    vendors,
  };
}

function toVendorSettings(string: (name: SettingName) => string): VendorSettings {
  const url = (name: SettingName): string => string(name).replace(/\/+$/, "");
  return {
    salesforceApiVersion: string("SALESFORCE_API_VERSION"),
    githubApiUrl: url("GITHUB_API_URL"),
    githubTokenUrl: url("GITHUB_TOKEN_URL"),
    slackApiUrl: url("SLACK_API_URL"),
    notionApiUrl: url("NOTION_API_URL"),
    googleApiUrl: url("GOOGLE_API_URL"),
    googleTokenUrl: url("GOOGLE_TOKEN_URL"),
  };
}

/** Salesforce's instances and GitHub Enterprise Cloud with data residency have a host for each customer. */
const customerHosts = ["*.my.salesforce.com", "*.ghe.com"];

/** The hosts of the vendors' addresses: whoever sets one trusts it. */
function vendorHosts({ salesforceApiVersion: _, ...urls }: VendorSettings): readonly string[] {
  const hosts = Object.values(urls).map((address) => address.replace(/^https?:\/\//, "").replace(/\/.*$/, ""));
  return [...new Set([...hosts.map((host) => host.replace("{service}", "*")), ...customerHosts])];
}

function listOf(value: string | number | undefined): readonly string[] {
  return value === undefined
    ? []
    : String(value)
        .split(",")
        .map((entry) => entry.trim());
}
