import { randomUUID } from "node:crypto";
import examples from "@octokit/webhooks-examples";
import { textAt } from "../../../shared/core/json";
import { type Content, hmacHex, jsonContent, type SampleProvider } from "./sample";

/** Real payloads, from the examples that Octokit collects: `issues` is the first of its kind, `issues.opened` the first with that action. */
export const githubSamples: SampleProvider = {
  integrationId: "github",
  schemes: ["seed", "native"],
  events: readExamples(),
  sign: ({ body }, { secret }) => ({ headers: { "x-hub-signature-256": `sha256=${hmacHex(secret, body)}` } }),
};

function readExamples(): ReadonlyMap<string, () => Content> {
  const events = new Map<string, () => Content>();
  const issuesFirst = examples.toSorted((a, b) => Number(b.name === "issues") - Number(a.name === "issues"));
  for (const { name, examples: payloads } of issuesFirst) {
    for (const payload of payloads) {
      const action = textAt(payload, "action");
      for (const key of action === undefined ? [name] : [name, `${name}.${action}`]) {
        if (!events.has(key)) events.set(key, () => contentOf(name, payload));
      }
    }
  }
  return events;
}

function contentOf(name: string, payload: unknown): Content {
  const content = jsonContent(payload, { "x-github-event": name, "x-github-delivery": randomUUID() });
  return name === "ping" ? { ...content, isHandshake: true } : content;
}
