import { HttpRequest } from "@azure/functions";
import fc from "fast-check";
import { LightRequest, type LightRequestInit, toRequestInit } from "../../../infra/local/light-request";

const text = "\ufeffpayload=%7B%7D&né=1";

function makeInit(overrides: Partial<LightRequestInit> = {}): LightRequestInit {
  const bytes = new TextEncoder().encode(text);
  return {
    method: "POST",
    host: "localhost:3000",
    target: "/webhooks/webhook-1?a=1&b=x%20y&a=2",
    rawHeaders: ["Host", "localhost:3000", "Content-Type", "application/x-www-form-urlencoded", "X-A", "1", "x-a", "2"],
    params: { registrationId: "webhook-1" },
    body: bytes.buffer,
    ...overrides,
  };
}

/** The same request twice: ours, and the library's own. */
function pair(overrides: Partial<LightRequestInit> = {}): readonly [LightRequest, HttpRequest] {
  const init = makeInit(overrides);
  return [new LightRequest(init), new HttpRequest(toRequestInit(init))];
}

/** What a call came to, in words that can be compared. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    const value = await call();
    if (value instanceof ArrayBuffer) return ["bytes", Buffer.from(value).toString("hex")];
    if (value instanceof Blob) return ["blob", value.type, await value.text()];
    if (value instanceof FormData || value instanceof URLSearchParams || value instanceof Headers) return [...value];
    return value;
  } catch (error) {
    return error instanceof Error ? [error.name, error.message] : error;
  }
}

const principal = Buffer.from(JSON.stringify({ identityProvider: "aad", userId: "1", userDetails: "ada" }));
const shapes: Readonly<Record<string, Partial<LightRequestInit>>> = {
  "a POST with a body": {},
  "a POST without a body": { body: undefined },
  "a GET": { method: "GET", body: undefined, target: "/webhooks" },
  "a JSON body": { body: new TextEncoder().encode('{"a":[1]}').buffer },
  "a request of a signed-in user": { rawHeaders: ["x-ms-client-principal", principal.toString("base64")] },
  "an absolute target": { target: "http://localhost:3000/x?y=1" },
};

const readers: Readonly<Record<string, (request: HttpRequest) => unknown>> = {
  method: (request) => request.method,
  url: (request) => request.url,
  params: (request) => request.params,
  query: (request) => request.query,
  user: (request) => request.user,
  headers: (request) => [...request.headers],
  bodyUsed: (request) => request.bodyUsed,
  "body as a stream": async (request) => (request.body === null ? null : await new Response(request.body).text()),
  arrayBuffer: (request) => request.arrayBuffer(),
  text: (request) => request.text(),
  json: (request) => request.json(),
  blob: (request) => request.blob(),
  formData: (request) => request.formData(),
  clone: (request) => request.clone().text(),
};

describe("LightRequest", () => {
  it("has every member of the library's request", () => {
    const members = [...Object.getOwnPropertyNames(HttpRequest.prototype), ...Object.keys(pair()[1])];
    expect(members.filter((name) => !(name in pair()[0]))).toEqual([]);
  });

  describe.each(Object.entries(shapes))("%s", (_, shape) => {
    it.each(Object.entries(readers))("answers %s as the library's does", async (_name, read) => {
      const [light, real] = pair(shape);
      expect(await outcome(() => read(light))).toEqual(await outcome(() => read(real)));
    });

    it("answers any member the same after any other was read", async () => {
      const names = Object.keys(readers);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom(...names), { minLength: 2, maxLength: 4 }), async (order) => {
          const [light, real] = pair(shape);
          for (const name of order) {
            const read = readers[name] ?? (() => undefined);
            expect([name, await outcome(() => read(light))]).toEqual([name, await outcome(() => read(real))]);
          }
        }),
        { numRuns: 60 },
      );
    });
  });

  it("hands its bytes over without a copy", async () => {
    const init = makeInit();
    expect(await new LightRequest(init).arrayBuffer()).toBe(init.body);
  });
});

describe("LightHeaders", () => {
  const names = ["host", "X-A", "content-type", "absent", "not a name", ""];
  const verbs: Readonly<Record<string, (headers: Headers) => unknown>> = {
    ...Object.fromEntries(names.map((name) => [`get ${name}`, (headers: Headers) => headers.get(name)])),
    ...Object.fromEntries(names.map((name) => [`has ${name}`, (headers: Headers) => headers.has(name)])),
    append: (headers) => headers.append("x-a", "3"),
    set: (headers) => headers.set("x-b", "4"),
    delete: (headers) => headers.delete("host"),
    keys: (headers) => [...headers.keys()],
    values: (headers) => [...headers.values()],
    entries: (headers) => [...headers.entries()],
    getSetCookie: (headers) => headers.getSetCookie(),
    forEach: (headers) => {
      const seen: string[] = [];
      headers.forEach((value, key) => seen.push(`${key}=${value}`));
      return seen;
    },
  };

  it("answers and changes as real headers do, in any order of calls", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...Object.keys(verbs)), { maxLength: 6 }), async (order) => {
        const [light, real] = pair();
        for (const name of order) {
          const verb = verbs[name] ?? (() => undefined);
          expect([name, await outcome(() => verb(light.headers))]).toEqual([
            name,
            await outcome(() => verb(real.headers)),
          ]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
