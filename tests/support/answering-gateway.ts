import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { projectRoot } from "./gateway";

/** An answer of the API: its status and its body. */
export type Answer = readonly [status: number, body: object];

/** A gateway that says what it is told to, for answers that a real one gives rarely. */
export interface AnsweringGateway {
  readonly url: string;
  /** `POST /replays`, and the body where there was one. */
  readonly requests: readonly string[];
  close(): void;
}

/** Gives these answers one after the other, the last one for ever. */
export async function startAnswering(...answers: readonly Answer[]): Promise<AnsweringGateway> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((asked) => {
      const [status, body] = answers[Math.min(requests.length, answers.length - 1)] ?? [500, {}];
      requests.push(`${request.method ?? ""} ${request.url ?? ""} ${asked}`.trim());
      response.writeHead(status).end(JSON.stringify(body));
    });
  });
  server.listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}`, requests, close: () => server.close() };
}

/** What a call of the command line printed, and ended with. */
export interface Call {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

/** Calls `npx castiel-webhooks`; `interrupt` is Ctrl-C. */
export async function callCommandLine(words: readonly string[], interrupt?: Promise<unknown>): Promise<Call> {
  const script = join(projectRoot, "infra", "cli", "castiel-webhooks.cjs");
  const child = spawn("node", [script, ...words]);
  void interrupt?.then(() => child.kill("SIGINT"));
  const ended = once(child, "exit") as Promise<[number | null]>;
  const [out, error, [status]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, out, error };
}
