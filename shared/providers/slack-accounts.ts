import type { AccountIds, AccountRouting } from "../core/account-routing";
import { type DeliveryRequest, parseForeignJson } from "../core/delivery-request";
import { asObject, at, type JsonObject, objectsIn } from "../core/json";
import { isForm } from "./is-form";
import { formFields } from "./slack-forms";

const idPattern = "^[TE][A-Z0-9]{1,39}$";
const accountId = new RegExp(idPattern);

/**
 * A Slack app has one Request URL and one signing secret for all workspaces (`T…`) and organisations (`E…`) that install
 * it. `api_app_id` is not looked at: the secret that verified the delivery is that of one app.
 *
 * An event is for the installations in `authorizations`, to which it is visible. The envelope's `team_id` is where it
 * happened, which in a channel shared by Slack Connect may be a workspace that the app may not look into there, so that it
 * counts only where there are no authorizations: `app_uninstalled`, `tokens_revoked`, `app_rate_limited`. Slack names one
 * authorization, and sends an event of a shared channel once, however many installations may see it
 * (docs.slack.dev/apis/events-api, "Event authorizations"; docs.slack.dev/apis/slack-connect).
 */
export const slackAccounts: AccountRouting = {
  kind: "workspace",
  idPattern,
  accountsOf: (request) => (isForm(request) ? formAccounts(request) : envelopeAccounts(asObject(request.json()) ?? {})),
};

function envelopeAccounts(body: JsonObject): readonly AccountIds[] {
  const authorizations = body["authorizations"] ?? [];
  // A form that is not known authorises nobody.
  if (!Array.isArray(authorizations)) return [];
  if (authorizations.length === 0) return account(body["team_id"], body["enterprise_id"]);
  return objectsIn(authorizations).flatMap((authorization) => authorizedAccount(authorization, body));
}

/** That of an organisation may leave out the workspace, which is then the envelope's, if that is one of the organisation. */
function authorizedAccount(authorization: JsonObject, envelope: JsonObject): readonly AccountIds[] {
  const enterprise = authorization["enterprise_id"] ?? undefined;
  const isWithin = enterprise !== undefined && enterprise === envelope["enterprise_id"];
  return account(authorization["team_id"] ?? (isWithin ? envelope["team_id"] : undefined), enterprise);
}

/**
 * A button or a command is for the workspace where it was used, which for the installation of an organisation may be null;
 * a view may tell another where the app is installed. The user's own workspace does not count: it may be a stranger's.
 */
function formAccounts(request: DeliveryRequest): readonly AccountIds[] {
  const fields = formFields(request);
  const payload = fields.get("payload");
  if (payload === null) return account(fields.get("team_id"), fields.get("enterprise_id"));
  const interaction = parseForeignJson(payload);
  const team = at(interaction, "team", "id") ?? undefined;
  const installed = at(interaction, "view", "app_installed_team_id") ?? undefined;
  if (installed !== undefined && installed !== team) return account(installed);
  return account(team, at(interaction, "enterprise", "id"));
}

/** Of ids that are there. If one of them is no id, the account is nobody's: a wider one must not take its place. */
function account(...named: readonly unknown[]): readonly AccountIds[] {
  const ids = named.filter((id) => id !== undefined && id !== null);
  if (!ids.every(isAccountId)) return [];
  const [first, ...others] = ids;
  return first === undefined ? [] : [[first, ...others]];
}

function isAccountId(id: unknown): id is string {
  return typeof id === "string" && accountId.test(id);
}
