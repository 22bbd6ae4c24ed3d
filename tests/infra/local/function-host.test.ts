import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { type FunctionHost, startFunctionHost } from "../../../infra/local/function-host";
import { openSqlite } from "../../../shared/adapters/sqlite/database";
import type { coreApi } from "../../../infra/local/core-api";

// Where jest.config.js sends `@azure/functions-core`.
jest.mock(
  "../../support/functions-core",
  () => jest.requireActual<{ coreApi: typeof coreApi }>("../../../infra/local/core-api").coreApi,
);

/** What the fixture's functions saw; see tests/fixtures/function-apps/manners. */
const seen = {
  messages: [] as { message: unknown; metadata: Record<string, unknown> }[],
  timers: [] as { isPastDue: boolean }[],
  hooks: [] as string[],
  handle: (): Promise<void> => Promise.resolve(),
};
Object.assign(globalThis, { castielSeen: seen });

const appRoot = join(__dirname, "..", "..", "fixtures", "function-apps", "manners");
const logged: { event: string; fields: Record<string, unknown> }[] = [];
const store = openSqlite({ dataDirectory: ":memory:", now: Date.now, maxDeliveryCount: 2 });
let host: FunctionHost;

beforeAll(async () => {
  host = await startFunctionHost({
    appRoot,
    port: 0,
    listenHost: "127.0.0.1",
    queue: store.queue,
    appSettings: { QUEUE_NAME: "events", SCHEDULE: "0 0 0 1 1 *" },
    isDisabled: (name) => name === "switched-off",
    limits: { maxBodyBytes: 1000, maxBufferedBytes: 1500, headersTimeoutMs: 150, requestTimeoutMs: 300 },
    log: (_level, event, fields = {}) => void logged.push({ event, fields }),
  });
});

afterAll(async () => {
  await host.stop();
  await store.close();
});

const url = (path: string): string => `http://127.0.0.1:${host.port}${path}`;

/** Sends bytes as they are and answers all that comes back until the connection ends. */
function sendRaw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(host.port, "127.0.0.1", () => socket.write(text, "latin1"));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

const raw = (line: string, headers: readonly string[] = [], body = ""): Promise<string> =>
  sendRaw(`${[line, "Host: localhost", "Connection: close", ...headers].join("\r\n")}\r\n\r\n${body}`);

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

/** Resolves once `check` holds; a test that waits in vain runs into its timeout. */
async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await delay(5);
}

describe("requests", () => {
  it("hands over bytes, parameters, and headers joined with a comma", async () => {
    const body = Buffer.from([0xef, 0xbb, 0xbf, 0xff, 0x00, 0x0d, 0x0a]);
    const answer = await raw(
      "POST /ECHO/a%20b?x=1&x=2 HTTP/1.1",
      ["X-A: 1", "x-a: 2", `Content-Length: ${body.length}`],
      body.toString("latin1"),
    );
    expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({
      params: { name: "a b" },
      query: { x: "1,2" },
      headers: { "x-a": "1,2" },
      base64: body.toString("base64"),
    });
  });

  it("puts a body that arrives in pieces together", async () => {
    const request = httpRequest(url("/echo"), { method: "POST", headers: { "content-length": 600 } });
    const response = once(request, "response") as Promise<[IncomingMessage]>;
    for (const part of ["a", "b", "c"]) {
      request.write(part.repeat(200));
      await delay(10);
    }
    request.end();
    const answer = await text((await response)[0]);
    const expected = Buffer.from("a".repeat(200) + "b".repeat(200) + "c".repeat(200)).toString("base64");
    expect(JSON.parse(answer).base64).toBe(expected);
  });

  it("hands a chunked request over empty, its header visible, and keeps the connection usable", async () => {
    const chunked = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    const next = "GET /teapot HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const answer = await sendRaw(chunked + next);
    expect(answer).toContain('"transfer-encoding":"chunked"');
    expect(answer).toContain('"base64":""');
    expect(answer).toContain("418");
  });

  it("drops the body of a GET", async () => {
    expect(await raw("GET /echo HTTP/1.1", ["Content-Length: 3"], "abc")).toContain('"base64":""');
  });

  it("answers Expect: 100-continue before the body comes", async () => {
    const answer = await raw("POST /echo HTTP/1.1", ["Expect: 100-continue", "Content-Length: 3"], "abc");
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
  });

  it.each([
    ["a body above the cap", ["Content-Length: 1001"], 413],
    ["a body above the cap, announced", ["Content-Length: 1001", "Expect: 100-continue"], 413],
    ["two hosts", ["Host: other"], 400],
    ["header bytes that are not UTF-8", ["X-A: \xff"], 400],
    ["a header value beyond U+00FF", ["X-A: \xe2\x82\xac"], 500],
    ["headers beyond 32 KiB", [`X-A: ${"a".repeat(33_000)}`], 431],
    ["a length that is no number", ["Content-Length: x"], 400],
    ["a length beside chunks", ["Content-Length: 1", "Transfer-Encoding: chunked"], 400],
  ])("refuses %s", async (_, headers, status) => {
    expect(statusOf(await raw("POST /echo HTTP/1.1", headers))).toBe(status);
  });

  it("says what is wrong with a body above the cap", async () => {
    const response = await fetch(url("/echo"), { method: "POST", body: "x".repeat(1001) });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status: 413, code: "payload_too_large" });
  });

  it("reads a header value as UTF-8", async () => {
    expect(await raw("GET /echo HTTP/1.1", ["X-A: \xc3\xa9"])).toContain(Buffer.from('"x-a":"é"').toString("latin1"));
  });

  it("gives up on a client that is slow with its headers or its body", async () => {
    const headers = sendRaw("POST /echo HTTP/1.1\r\nHost: local");
    const body = sendRaw("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
    expect((await Promise.all([headers, body])).map(statusOf)).toEqual([408, 408]);
  });

  it("holds no more than its budget of bodies, and has it back afterwards", async () => {
    const open = connect(host.port, "127.0.0.1");
    open.write(`POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n${"x".repeat(900)}`);
    await delay(50);
    const refused = await fetch(url("/echo"), { method: "POST", body: "x".repeat(900) });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    open.destroy();
    await until(async () => (await fetch(url("/echo"), { method: "POST", body: "x".repeat(900) })).status === 200);
  });

  it("survives what is no HTTP at all", async () => {
    expect(statusOf(await sendRaw("\x16\x03\x01nonsense\r\n\r\n"))).toBe(400);
    expect((await fetch(url("/teapot"))).status).toBe(418);
  });
});

describe("replies", () => {
  const cases: readonly (readonly [string, number, string, string | null])[] = [
    ["teapot", 418, "stout", "text/plain;charset=UTF-8"],
    ["bytes", 200, "\u0000\ufffd\n", "application/octet-stream"],
    ["nothing", 204, "", null],
    ["no-content", 204, "", null],
    ["form", 200, "a=1", "application/x-www-form-urlencoded;charset=UTF-8"],
    ["real-response", 201, '{"real":true}', "application/json"],
    ["bad-header", 500, "", null],
    ["order/literal", 200, "parameter", "text/plain;charset=UTF-8"],
    ["unknown", 404, "", null],
    ["switched-off", 404, "", null],
  ];

  it.each(cases)("answers GET /%s with %i", async (path, status, body, type) => {
    const response = await fetch(url(`/${path}`));
    expect([response.status, await response.text(), response.headers.get("content-type")]).toEqual([
      status,
      body,
      type,
    ]);
  });

  it("answers a wrong verb with an empty 404", async () => {
    const response = await fetch(url("/teapot"), { method: "POST", body: "x" });
    expect([response.status, await response.text()]).toEqual([404, ""]);
  });

  it.each(["throws", "answers-text"])("answers with an empty 500 and a log line when %s", async (path) => {
    const response = await fetch(url(`/${path}`), { method: "POST" });
    expect([response.status, await response.text()]).toEqual([500, ""]);
    expect(logged.at(-1)).toMatchObject({ event: "function.failed", fields: { function: path } });
  });

  it("sends each cookie in a header of its own", async () => {
    expect((await fetch(url("/cookies"))).headers.getSetCookie()).toEqual([
      "a=1%202; path=/; samesite=lax; httponly",
      "b=2; max-age=60; path=/b",
    ]);
  });

  it("writes what a function logs to the log of the host", async () => {
    const { invocationId, trigger } = (await (await fetch(url("/logs"))).json()) as Record<string, string>;
    expect(trigger).toBe("httpTrigger");
    const message = "seen { by: 'a test' }";
    expect(logged).toContainEqual({ event: "function.log", fields: { function: "logs", invocationId, message } });
  });
});

describe("the queue and the timer", () => {
  beforeEach(() => {
    seen.messages.length = 0;
    seen.handle = () => Promise.resolve();
  });

  it("hands a message over as JSON with its metadata in camel case, and completes it", async () => {
    await store.queue.send([{ messageId: "m1", body: { a: 1 } }]);
    await until(async () => (await store.queue.depth())?.active === 0);
    expect(seen.messages).toMatchObject([{ message: { a: 1 }, metadata: { messageId: "m1", deliveryCount: 1 } }]);
  });

  it("delivers again without delay what a handler threw on, and then gives it up", async () => {
    seen.handle = () => Promise.reject(Object.assign(new Error("personal data"), { code: "broken" }));
    await store.queue.send([{ messageId: "m2", body: {} }]);
    await until(async () => (await store.queue.deadLetters(1)).length === 1);
    expect(seen.messages.map(({ metadata }) => metadata["deliveryCount"])).toEqual([1, 2]);
    expect(await store.queue.deadLetters(1)).toMatchObject([{ messageId: "m2", reason: "broken" }]);
  });

  it("runs no more than maxConcurrentCalls at a time, and all in the end", async () => {
    let running = 0;
    let most = 0;
    seen.handle = async () => {
      most = Math.max(most, ++running);
      await delay(5);
      running--;
    };
    await store.queue.send(Array.from({ length: 9 }, (_, n) => ({ messageId: `c${n}`, body: { n } })));
    await until(async () => (await store.queue.depth())?.active === 0);
    expect([seen.messages.length, most]).toEqual([9, 2]);
  });

  it("runs a timer on start where it says so", () => {
    expect(seen.timers).toMatchObject([{ isPastDue: false, schedule: { adjustForDST: true } }]);
  });
});

it("finishes a request in flight when it stops, and runs the hooks of the app", async () => {
  const slow = fetch(url("/slow"));
  await delay(50);
  await host.stop();
  expect(await (await slow).text()).toBe("done");
  await expect(fetch(url("/teapot"))).rejects.toThrow();
  expect(seen.hooks).toEqual(["appStart", "appTerminate"]);
});
