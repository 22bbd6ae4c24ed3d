import { readQuota } from "../../shared/core/provider-quota";

describe("the quota that a reply names", () => {
  it.each([
    ["Salesforce's", { "Sforce-Limit-Info": "api-usage=18/5000" }, { used: 18, limit: 5000 }],
    [
      "Salesforce's, with the figures of an app beside it",
      { "sforce-limit-info": "api-usage=4900/5000; per-app-api-usage=17/250(appName=sample)" },
      { used: 4900, limit: 5000 },
    ],
    ["GitHub's", { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4987" }, { used: 13, limit: 5000 }],
    ["one without a prefix", { "ratelimit-limit": "100", "ratelimit-remaining": "0" }, { used: 100, limit: 100 }],
  ])("is read: %s", (_, headers, quota) => {
    expect(readQuota(new Headers(headers))).toEqual(quota);
  });

  it.each([
    ["nothing", {}],
    ["half of it", { "x-ratelimit-limit": "5000" }],
    ["no number", { "x-ratelimit-limit": "many", "x-ratelimit-remaining": "0" }],
    ["a limit of nothing", { "sforce-limit-info": "api-usage=0/0" }],
    ["more left than there is", { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "11" }],
    ["a list of policies", { "ratelimit-limit": "10, 10;w=1", "ratelimit-remaining": "1" }],
    ["the figures of an app alone", { "sforce-limit-info": "per-app-api-usage=17/250(appName=sample)" }],
  ])("is unknown where the headers hold %s", (_, headers) => {
    expect(readQuota(new Headers(headers))).toBeUndefined();
  });
});
