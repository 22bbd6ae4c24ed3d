/** Where the vendors' APIs are, without a slash at the end. */
export interface VendorSettings {
  readonly salesforceApiVersion: string;
  readonly githubApiUrl: string;
  readonly githubTokenUrl: string;
  readonly slackApiUrl: string;
  readonly notionApiUrl: string;
  /** With `{service}` in it. */
  readonly googleApiUrl: string;
  readonly googleTokenUrl: string;
}
