import fc from "fast-check";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Provider } from "../../shared/core/provider";
import { github } from "../../shared/providers/github";
import { createProviders } from "../../shared/providers/registry";
import { slack } from "../../shared/providers/slack";
import { trust } from "../../shared/providers/trust";

/** Whose a delivery is, by its verified body: a mistake here hands one tenant's events to another. */
const FORM = { "content-type": "application/x-www-form-urlencoded" };

function accountsOf(provider: Provider, body: unknown, headers: Record<string, string> = {}): unknown {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return provider.accounts?.accountsOf(trust(new DeliveryRequest(new Headers(headers), bytes)));
}

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const interaction = (payload: unknown) => form({ payload: JSON.stringify(payload) });
const callback = (fields: object) => ({
  type: "event_callback",
  api_app_id: "A1",
  event: { type: "message" },
  ...fields,
});
const authorization = (fields: object) => ({ user_id: "U1", is_bot: true, is_enterprise_install: false, ...fields });

describe("the accounts of a Slack delivery", () => {
  it.each([
    [
      "one workspace",
      { team_id: "T1", authorizations: [authorization({ enterprise_id: null, team_id: "T1" })] },
      [["T1"]],
    ],
    [
      "a workspace of an organisation",
      { team_id: "T1", enterprise_id: "E1", authorizations: [authorization({ enterprise_id: "E1", team_id: "T1" })] },
      [["T1", "E1"]],
    ],
    [
      "an organisation, in one of its workspaces",
      { team_id: "T1", enterprise_id: "E1", authorizations: [authorization({ enterprise_id: "E1", team_id: null })] },
      [["T1", "E1"]],
    ],
    [
      "an organisation, in another's workspace of a shared channel",
      { team_id: "T9", enterprise_id: "E9", authorizations: [authorization({ enterprise_id: "E1", team_id: null })] },
      [["E1"]],
    ],
    [
      "the installation that sees it, not where it happened",
      { team_id: "T9", authorizations: [{ team_id: "T1" }] },
      [["T1"]],
    ],
    [
      "each installation that sees it",
      { team_id: "T1", authorizations: [{ team_id: "T1" }, { team_id: "T2" }] },
      [["T1"], ["T2"]],
    ],
    ["a workspace where the app was uninstalled", { team_id: "T1", authorizations: [] }, [["T1"]]],
    ["a workspace, in the envelope without authorizations", { team_id: "T1", enterprise_id: "E1" }, [["T1", "E1"]]],
    ["a workspace, authorizations being null", { team_id: "T1", authorizations: null }, [["T1"]]],
    ["a workspace whose events are limited", { type: "app_rate_limited", team_id: "T1" }, [["T1"]]],
  ])("are those of %s", (_, fields, expected) => {
    expect(accountsOf(slack, callback(fields))).toEqual(expected);
  });

  it.each([
    ["a command", form({ command: "/x", team_id: "T1", trigger_id: "1" }), [["T1"]]],
    ["a command in an organisation", form({ command: "/x", team_id: "T1", enterprise_id: "E1" }), [["T1", "E1"]]],
    ["a button", interaction({ type: "block_actions", team: { id: "T1" }, user: { team_id: "T9" } }), [["T1"]]],
    ["a button in an organisation", interaction({ team: { id: "T1" }, enterprise: { id: "E1" } }), [["T1", "E1"]]],
    ["a button, the organisation having the app", interaction({ team: null, enterprise: { id: "E1" } }), [["E1"]]],
    [
      "a view of an app that another workspace installed",
      interaction({ team: { id: "T9" }, enterprise: { id: "E9" }, view: { app_installed_team_id: "T1" } }),
      [["T1"]],
    ],
    [
      "a view of this workspace's app",
      interaction({ team: { id: "T1" }, enterprise: { id: "E1" }, view: { app_installed_team_id: "T1" } }),
      [["T1", "E1"]],
    ],
  ])("are found in %s", (_, body, expected) => {
    expect(accountsOf(slack, body, FORM)).toEqual(expected);
  });

  it.each([
    ["nothing", {}],
    ["a list", []],
    ["no JSON", "not json"],
    ["only an app", callback({})],
    ["a number for a workspace", callback({ team_id: 1 })],
    ["an object for a workspace", callback({ team_id: { id: "T1" } })],
    ["a list for a workspace", callback({ team_id: ["T1"] })],
    ["an empty text", callback({ team_id: "" })],
    ["what is no id", callback({ team_id: "T1/../T2" })],
    ["an id with a line break", callback({ team_id: "T1\n" })],
    ["an id in small letters", callback({ team_id: "t1" })],
    ["a user for a workspace", callback({ team_id: "U1" })],
    ["an endless id", callback({ team_id: `T${"1".repeat(1000)}` })],
    ["a workspace that is no id, within an organisation that is", callback({ team_id: 1, enterprise_id: "E1" })],
    ["authorizations that are an object", callback({ team_id: "T1", authorizations: { team_id: "T1" } })],
    ["authorizations that are a text", callback({ team_id: "T1", authorizations: "T1" })],
    ["authorizations that are false", callback({ team_id: "T1", authorizations: false })],
    ["an authorization that is a text", callback({ team_id: "T1", authorizations: ["T1"] })],
    ["an authorization of nobody", callback({ team_id: "T1", authorizations: [{}] })],
    ["an authorization that is null", callback({ team_id: "T1", authorizations: [null] })],
    ["a workspace in the event alone", callback({ event: { team: "T1", team_id: "T1", user_team: "T1" } })],
    ["a workspace of the context alone", callback({ context_team_id: "T1" })],
    ["a prototype", '{"type":"event_callback","__proto__":{"team_id":"T1"}}'],
  ])("are none where the body holds %s", (_, body) => {
    expect(accountsOf(slack, body)).toEqual([]);
  });

  it.each([
    ["a user's workspace alone", interaction({ user: { team_id: "T1" } })],
    ["a payload that is no JSON", form({ payload: "{", team_id: "T1" })],
    ["a payload that is a list", form({ payload: "[]", team_id: "T1" })],
    ["a payload beside a team", form({ payload: "{}", team_id: "T1" })],
    ["a team that is a text", interaction({ team: "T1" })],
    ["a view of an app that no id installed", interaction({ team: { id: "T1" }, view: { app_installed_team_id: 1 } })],
  ])("are none where a form holds %s", (_, body) => {
    expect(accountsOf(slack, body, FORM)).toEqual([]);
  });

  it("are those of the event, whatever form an unsigned header makes of it and whatever somebody wrote in it", () => {
    const text = `&payload=${JSON.stringify({ team: { id: "T2" } })}&team_id=T2&`;
    const body = JSON.stringify(callback({ team_id: "T1", event: { type: "message", text } })).replaceAll('\\"', "%22");
    expect(new URLSearchParams(body).get("payload")).toContain("T2");
    expect(accountsOf(slack, body, FORM)).toEqual([["T1"]]);
    expect(accountsOf(slack, body)).toEqual([["T1"]]);
  });

  it("are read from the body alone", () => {
    const headers = { "x-slack-team-id": "T9", "x-team-id": "T9" };
    expect(accountsOf(slack, callback({ team_id: "T1" }), headers)).toEqual([["T1"]]);
  });
});

describe("the account of a GitHub delivery", () => {
  const payload = form({ payload: JSON.stringify({ action: "opened", installation: { id: 42 } }) });

  it("is the installation, in JSON and in a form", () => {
    expect(accountsOf(github, { installation: { id: 42, node_id: "x" } })).toEqual([["42"]]);
    expect(accountsOf(github, payload, FORM)).toEqual([["42"]]);
  });

  it("is not what the headers say, which nobody signed", () => {
    const headers = {
      "x-github-hook-installation-target-id": "9",
      "x-github-hook-installation-target-type": "integration",
    };
    expect(accountsOf(github, { installation: { id: 42 } }, headers)).toEqual([["42"]]);
    expect(accountsOf(github, {}, headers)).toEqual([]);
  });

  it.each([
    ["nothing", {}],
    ["a list", []],
    ["no JSON", "not json"],
    ["an installation that is a number", { installation: 42 }],
    ["an installation that is a list", { installation: [{ id: 42 }] }],
    ["an installation without an id", { installation: { node_id: "x" } }],
    ["zero", { installation: { id: 0 } }],
    ["a negative number", { installation: { id: -42 } }],
    ["a fraction", { installation: { id: 4.2 } }],
    ["a number beyond 2^53, which JSON would round", '{"installation":{"id":9007199254740993}}'],
    ["a word", { installation: { id: "all" } }],
    ["a path", { installation: { id: "1/2" } }],
    ["an object for an id", { installation: { id: { id: 42 } } }],
    ["an installation elsewhere", { repository: { installation: { id: 42 } } }],
    ["a form without its header", payload],
  ])("is none where the body holds %s", (_, body) => {
    expect(accountsOf(github, body)).toEqual([]);
  });
});

describe("the accounts of any delivery", () => {
  const id = fc.oneof(
    fc.constantFrom("T1", "T2", "E1", "A1", "", null, 42, 0, "__proto__"),
    fc.jsonValue({ maxDepth: 1 }),
  );
  const names = ["team_id", "enterprise_id", "id", "app_installed_team_id"] as const;
  const ids = fc.dictionary(fc.constantFrom(...names), id);
  const fields = fc.constantFrom("authorizations", "installation", "team", "enterprise", "view", "payload", ...names);
  const body = fc.dictionary(fields, fc.oneof(id, ids, fc.array(fc.oneof(ids, id), { maxLength: 3 })));

  it.each([
    ["slack", "JSON"],
    ["slack", "a form"],
    ["github", "JSON"],
    ["github", "a form"],
  ] as const)("of %s in %s are ids, whatever the body holds", (name, kind) => {
    const provider = { slack, github }[name];
    const pattern = new RegExp(provider.accounts?.idPattern ?? "");
    fc.assert(
      fc.property(body, (value) => {
        const text = kind === "JSON" ? JSON.stringify(value) : interaction(value);
        const found = accountsOf(provider, text, kind === "JSON" ? {} : FORM) as string[][];
        for (const account of found) {
          expect(account.length).toBeGreaterThan(0);
          for (const each of account) expect(each).toMatch(pattern);
          // Nothing is made up: each stands in what was signed.
          for (const each of account) expect(JSON.stringify(value)).toContain(each);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("are known of those providers alone whose apps serve many", () => {
    const providers = [...createProviders({ googleCertificatesUrl: "https://certs.example.com" }).values()];
    const routed = providers.flatMap(({ id: name, accounts }) => (accounts ? [[name, accounts.kind]] : []));
    expect(routed).toEqual([
      ["slack", "workspace"],
      ["github", "installation"],
    ]);
  });
});
