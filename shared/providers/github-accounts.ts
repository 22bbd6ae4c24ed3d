import type { AccountRouting } from "../core/account-routing";
import { textAt } from "../core/json";
import { githubBody } from "./github-body";

/** Numbers that JSON can hold. */
const idPattern = "^[1-9][0-9]{0,15}$";
const installationId = new RegExp(idPattern);

/**
 * A GitHub App has one webhook for all its installations. `installation.id` is in the body of whatever is about one of
 * them (docs.github.com/en/webhooks/webhook-events-and-payloads, "Webhook payload object common properties"); what
 * concerns the app as a whole has none: `meta`, `github_app_authorization`, `marketplace_purchase`.
 */
export const githubAccounts: AccountRouting = {
  kind: "installation",
  idPattern,
  accountsOf(request) {
    const id = textAt(githubBody(request), "installation", "id");
    return id !== undefined && installationId.test(id) ? [[id]] : [];
  },
};
