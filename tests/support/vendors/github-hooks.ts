import type { Answer, Received } from "./stand-in";

/** A hook as GitHub keeps it, with the secret that it never shows. */
export interface GitHubHook {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly events: readonly string[];
  readonly config: { readonly url: string; readonly content_type: string; readonly secret?: string };
}

const notFound: Answer = { status: 404, json: { message: "Not Found", status: "404" } };
const place = /^\/(repos\/[^/]+\/[^/]+|orgs\/[^/]+)\/hooks(?:\/(\d+))?$/;

/**
 * Webhooks as docs.github.com/en/rest/repos/webhooks and …/orgs/webhooks describe them: 404 where hooks may not be managed,
 * 422 for a second hook with the same URL and for events that there are not, `config` replaced as a whole.
 */
export class GitHubHooks {
  /** By `repos/{owner}/{repo}` or `orgs/{org}`: where the token may manage hooks. */
  readonly owners = new Map<string, GitHubHook[]>();
  /** Called with each hook that is made, before GitHub answers; what it answers is said in place of the hook. */
  made: (hook: GitHubHook) => Answer | undefined = () => undefined;
  #lastId = 500;

  respond({ method, path, body, query }: Received): Answer | undefined {
    const [, owner = "", id] = place.exec(path) ?? [];
    if (owner === "") return undefined;
    const hooks = this.owners.get(owner);
    if (hooks === undefined) return notFound;
    if (id !== undefined) return this.#one(hooks, { method, id: Number(id), body });
    if (method === "POST") return this.#create(hooks, body);
    const [size, page] = [Number(query["per_page"] ?? 30), Number(query["page"] ?? 1)];
    return { json: hooks.slice((page - 1) * size, page * size).map(shown) };
  }

  #create(hooks: GitHubHook[], body: string): Answer {
    const fields = JSON.parse(body) as GitHubHook;
    if (fields.name !== "web") return invalid("name");
    if (fields.events.includes("nonsense")) return invalid("events");
    if (hooks.some(({ config }) => config.url === fields.config.url)) return invalid("Hook already exists");
    const hook = { ...fields, id: ++this.#lastId };
    hooks.push(hook);
    return this.made(hook) ?? { status: 201, json: shown(hook) };
  }

  #one(
    hooks: GitHubHook[],
    { method, id, body }: { readonly method: string; readonly id: number; readonly body: string },
  ): Answer {
    const index = hooks.findIndex((hook) => hook.id === id);
    const hook = hooks[index];
    if (hook === undefined) return notFound;
    if (method === "DELETE") {
      hooks.splice(index, 1);
      return { status: 204 };
    }
    const changed = { ...hook, ...(JSON.parse(body) as Partial<GitHubHook>) };
    if (changed.events.includes("nonsense")) return invalid("events");
    hooks[index] = changed;
    return { json: shown(changed) };
  }
}

function shown(hook: GitHubHook): object {
  const { secret, ...config } = hook.config;
  return { ...hook, type: "Repository", config: { ...config, ...(secret !== undefined && { secret: "********" }) } };
}

function invalid(field: string): Answer {
  const errors = [{ resource: "Hook", code: "custom", field }];
  return { status: 422, json: { message: "Validation Failed", errors, status: "422" } };
}
