import { h } from "./dom.js";
import { field } from "./parts.js";
import { badge } from "./status.js";
import { kindPicker } from "./typed-fields.js";

/** @import { ConnectionView } from "../../usecases/connection-view" */
/** @import { AuthKind } from "../../core/connection" */
/** @import { FieldSpec } from "./typed-fields.js" */
/** @typedef {typeof import("../../core/connection").authKinds} AuthKinds */

/** @type {FieldSpec} */
const clientId = { name: "clientId", label: "Client id", kind: "text" };
/** @type {FieldSpec} */
const clientSecret = { name: "clientSecret", label: "Client secret", kind: "secret" };
/** @type {FieldSpec} */
const privateKey = { name: "privateKey", label: "Private key (PEM)", kind: "key" };

/**
 * How a connection proves itself, and to which integration alone; the API says whether that is so.
 * @type {{ readonly [K in AuthKind]: { readonly title: string, readonly owner: AuthKinds[K], readonly fields: readonly FieldSpec[] } }}
 */
const credentials = {
  bearer: { title: "A token", owner: undefined, fields: [{ name: "token", label: "Token", kind: "secret" }] },
  oauth2: {
    title: "OAuth 2",
    owner: undefined,
    fields: [
      clientId,
      clientSecret,
      { name: "refreshToken", label: "Refresh token", kind: "secret" },
      { name: "accessToken", label: "Access token", kind: "secret", isOptional: true },
      { name: "tokenUrl", label: "Token URL, if not the provider's", kind: "text", isOptional: true },
    ],
  },
  github_app: {
    title: "GitHub App",
    owner: "github",
    fields: [
      { name: "appId", label: "App id", kind: "text" },
      { name: "installationId", label: "Installation id", kind: "text" },
      privateKey,
    ],
  },
  google_service_account: {
    title: "Google service account",
    owner: "google",
    fields: [
      { name: "clientEmail", label: "Client e-mail", kind: "text" },
      privateKey,
      { name: "scopes", label: "Scopes", kind: "list" },
      { name: "subject", label: "Acts for the user", kind: "text", isOptional: true },
    ],
  },
  salesforce_client_credentials: {
    title: "Salesforce client credentials",
    owner: "salesforce",
    fields: [clientId, clientSecret],
  },
  salesforce_jwt: {
    title: "Salesforce JWT",
    owner: "salesforce",
    fields: [
      clientId,
      { name: "username", label: "User name", kind: "text" },
      privateKey,
      { name: "audience", label: "Audience, if a sandbox", kind: "text", isOptional: true },
    ],
  },
};

/**
 * How the credentials of a connection are called.
 * @param {ConnectionView["auth"]} auth
 * @returns {string}
 */
export function credentialsName({ kind }) {
  return kind === undefined ? "none" : credentials[kind].title;
}

/**
 * @param {Pick<ConnectionView, "status" | "auth">} connection
 * @returns {HTMLElement}
 */
export function stateOf({ status, auth }) {
  if (!auth.credentialsSet) return badge("no_credentials");
  return status === "needs_reauth" ? badge(status, "needs new credentials") : badge(status);
}

/**
 * The fields of a connection, which all are replaced by what is typed, but for credentials that are left as they are.
 * @param {string} integrationId
 * @param {ConnectionView} [connection]
 * @returns {{ readonly elements: readonly HTMLElement[], readonly read: () => object }} `read`: the body of the `PUT`
 */
export function connectionFields(integrationId, connection) {
  const isSet = connection?.auth.credentialsSet === true;
  const auth = kindPicker({
    label: "Credentials",
    kinds: Object.fromEntries(
      Object.entries(credentials).filter(([, { owner }]) => owner === undefined || owner === integrationId),
    ),
    kept: isSet ? `As they are (${credentialsName(connection.auth)})` : "None for now",
  });
  const accountLabel = h("input", { id: "accountLabel", maxlength: 200, value: connection?.accountLabel ?? "" });
  const baseUrl = h("input", {
    id: "baseUrl",
    type: "url",
    value: connection?.baseUrl ?? "",
    placeholder: integrationId === "salesforce" ? "of your instance" : "the provider's own",
    autocomplete: "off",
  });
  const elements = [
    h(
      "div",
      { class: "limits" },
      field("Your name for the account", accountLabel),
      field("Address of its API", baseUrl),
      isSet &&
        h(
          "p",
          { class: "quiet" },
          "With another address, credentials have to be typed anew: they go nowhere by themselves.",
        ),
    ),
    h(
      "div",
      { class: "limits" },
      ...auth.elements,
      h("p", { class: "quiet" }, "Credentials that are typed here are kept secret and shown to nobody again."),
    ),
  ];
  const read = () => {
    const typed = Object.entries({ accountLabel: accountLabel.value.trim(), baseUrl: baseUrl.value.trim() });
    const given = auth.read();
    return {
      ...Object.fromEntries(typed.filter(([, value]) => value !== "")),
      ...(given === undefined ? {} : { auth: given }),
    };
  };
  return { elements, read };
}
