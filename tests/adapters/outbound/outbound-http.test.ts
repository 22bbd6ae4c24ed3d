import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { gzipSync } from "node:zlib";
import { createOutboundHttp, type OutboundOptions } from "../../../shared/adapters/outbound/outbound-http";
import { OutboundError, type OutboundRequest } from "../../../shared/core/outbound";
import { selfSignedCertificate } from "../../support/self-signed-certificate";

let server: Server;
let port: number;
let answer: RequestListener;
let requests: string[];
beforeEach(async () => {
  requests = [];
  answer = (_, response) => response.setHeader("content-type", "application/json").end("{}");
  server = createServer((request, response) => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    answer(request, response);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const address = server.address();
  port = typeof address === "object" ? (address?.port ?? 0) : 0;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

type Overrides = Partial<Omit<OutboundOptions, "policy">> & Partial<OutboundOptions["policy"]>;

function send(request: Partial<OutboundRequest> = {}, { hosts = [], allowLoopback = true, ...rest }: Overrides = {}) {
  const client = createOutboundHttp({ policy: { hosts, allowLoopback }, timeoutMs: 5000, ...rest });
  return client.send({ method: "GET", url: `http://localhost:${port}/path?x=1`, ...request });
}

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  const outcome: unknown = await attempt.then(
    () => "resolved",
    (error: unknown) => error,
  );
  return outcome instanceof OutboundError ? outcome.code : String(outcome);
}

describe("createOutboundHttp", () => {
  it("sends method, headers and body, and answers status, headers and JSON", async () => {
    let sent = "";
    answer = (request, response) => {
      request.on("data", (chunk) => (sent += String(chunk)));
      request.on("end", () => {
        response.writeHead(201, { "content-type": "application/vnd.github+json; charset=utf-8", "X-Seen": "a" });
        response.end(JSON.stringify({ type: request.headers["content-type"], accept: request.headers.accept }));
      });
    };
    const headers = { "content-type": "application/json" };
    const reply = await send({ method: "POST", headers, body: '{"name":"é"}' });
    expect(sent).toBe('{"name":"é"}');
    expect(requests).toEqual(["POST /path?x=1"]);
    expect(reply).toMatchObject({ status: 201, json: { type: "application/json", accept: "application/json" } });
    expect([reply.headers.get("x-seen"), reply.headers.get("X-SEEN"), reply.headers.get("x-other")]).toEqual([
      "a",
      "a",
      null,
    ]);
  });

  it.each([
    ["an empty body", 204, undefined, ""],
    ["HTML", 502, "text/html", "<h1>Bad gateway</h1>"],
    ["JSON that is called text", 200, "text/plain", "{}"],
    ["what is called JSON and is none", 200, "application/json", "{not json"],
  ])("answers the status of %s, and no JSON", async (_, status, type, body) => {
    answer = (_request, response) => response.writeHead(status, type ? { "content-type": type } : {}).end(body);
    expect(await send()).toMatchObject({ status, json: undefined });
  });

  it("follows no redirect", async () => {
    answer = (_, response) => response.writeHead(302, { location: `http://localhost:${port}/elsewhere` }).end();
    const reply = await send();
    expect(reply.status).toBe(302);
    expect(requests).toEqual(["GET /path?x=1"]);
  });

  it("sends nothing to a host that is not listed, nor over http, nor to a malformed URL", async () => {
    for (const url of ["https://evil.example.com/", "http://api.github.com/", "not a URL"]) {
      expect(await failureOf(send({ url }, { hosts: ["api.github.com"] }))).toBe("host_not_allowed");
    }
  });

  it("refuses a listed name that stands for an address of this machine, when it connects", async () => {
    const url = `https://localhost:${port}/`;
    const attempt = send({ url }, { hosts: [`localhost:${port}`], allowLoopback: false });
    expect(await failureOf(attempt)).toBe("address_not_allowed");
    expect(requests).toEqual([]);
  });

  it.each(["127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "[fd00::1]", "[::ffff:7f00:1]"])(
    "refuses the address %s in a URL, though it is listed",
    async (host) => {
      const attempt = send({ url: `https://${host}/` }, { hosts: [host], allowLoopback: false });
      expect(await failureOf(attempt)).toBe("address_not_allowed");
    },
  );

  it("keeps private addresses closed where loopback is open", async () => {
    const attempt = send({ url: "https://10.0.0.1/" }, { hosts: ["10.0.0.1"] });
    expect(await failureOf(attempt)).toBe("address_not_allowed");
  });

  it("gives up an answer that is too large, however it is sent", async () => {
    answer = (_, response) => {
      response.setHeader("content-type", "application/json");
      response.write(`"${"x".repeat(600)}`);
      response.end(`${"x".repeat(600)}"`);
    };
    expect(await failureOf(send({}, { maxBytes: 1000 }))).toBe("too_large");
    expect((await send({}, { maxBytes: 1202 })).status).toBe(200);
  });

  it("gives up an answer that does not begin, and one that does not end", async () => {
    answer = () => undefined;
    expect(await failureOf(send({}, { timeoutMs: 100 }))).toBe("timeout");
    answer = (_, response) => response.setHeader("content-type", "application/json").write('{"a":');
    expect(await failureOf(send({}, { timeoutMs: 100 }))).toBe("timeout");
  });

  it("gives up an answer that changes the protocol, which nobody asked for", async () => {
    answer = (request) =>
      request.socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    expect(await failureOf(send())).toBe("unreachable");
  });

  it("gives up an answer that is announced again and again and never comes", async () => {
    let hints: NodeJS.Timeout | undefined;
    answer = (request, response) => {
      hints = setInterval(() => response.writeEarlyHints({ link: "</a>; rel=preload" }), 5);
      request.socket.on("close", () => clearInterval(hints));
    };
    expect(await failureOf(send({}, { timeoutMs: 100 }))).toBe("timeout");
    clearInterval(hints);
  });

  it("answers what a server says of a body before it has read it", async () => {
    answer = (_, response) => response.writeHead(413, { connection: "close" }).end();
    expect(await send({ method: "POST", body: "x".repeat(8_000_000) })).toMatchObject({ status: 413 });
  });

  it("takes no JSON that nests too deep to be written again, and asks for nothing compressed", async () => {
    let encodings: string | undefined;
    answer = (request, response) => {
      encodings = request.headers["accept-encoding"];
      response.setHeader("content-type", "application/json").end("[".repeat(101) + "]".repeat(101));
    };
    expect(await send()).toMatchObject({ status: 200, json: undefined });
    expect(encodings).toBeUndefined();
  });

  it("unpacks nothing that is compressed all the same", async () => {
    answer = (_, response) =>
      response
        .writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
        .end(gzipSync(`"${"x".repeat(1_000_000)}"`));
    expect(await send({}, { maxBytes: 10_000 })).toMatchObject({ status: 200, json: undefined });
  });

  it("says unreachable for headers that do not end", async () => {
    answer = (request) => request.socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n`);
    expect(await failureOf(send())).toBe("unreachable");
  });

  it("says unreachable for a connection that is refused, broken off, or not TLS", async () => {
    expect(await failureOf(send({ url: "http://127.0.0.1:1/" }))).toBe("unreachable");
    expect(await failureOf(send({ url: `https://localhost:${port}/` }))).toBe("unreachable");
    answer = (_, response) =>
      response.setHeader("content-type", "application/json").write("{", () => response.destroy());
    expect(await failureOf(send())).toBe("unreachable");
  });

  describe("over an idle connection that the other side has closed", () => {
    /** Each connection answers one request, and breaks off at the next one. */
    const answerOnce = () => {
      const used = new WeakSet<object>();
      answer = (request, response) => {
        if (used.has(request.socket)) request.socket.destroy();
        else response.setHeader("content-type", "application/json").end("{}");
        used.add(request.socket);
      };
    };

    it.each([
      ["a GET", { method: "GET" }],
      ["what may be repeated", { method: "POST", isRepeatable: true }],
    ] as const)("sends %s again, over a new one", async (_, request) => {
      answerOnce();
      const client = createOutboundHttp({ policy: { hosts: [], allowLoopback: true }, timeoutMs: 5000 });
      const url = `http://localhost:${port}/`;
      for (let call = 0; call < 3; call++) expect((await client.send({ ...request, url })).status).toBe(200);
      // The connection of the repetition is not kept.
      expect(requests).toHaveLength(4);
    });

    it("sends nothing else again, because it may have had its effect", async () => {
      answerOnce();
      const client = createOutboundHttp({ policy: { hosts: [], allowLoopback: true }, timeoutMs: 5000 });
      const request = { method: "POST", url: `http://localhost:${port}/` } as const;
      await client.send(request);
      expect(await failureOf(client.send(request))).toBe("unreachable");
      expect(requests).toHaveLength(2);
    });

    it("sends nothing twice over connections that were new", async () => {
      answer = (request) => request.socket.destroy();
      expect(await failureOf(send())).toBe("unreachable");
      expect(requests).toHaveLength(1);
    });
  });

  it("sends nothing to a server whose certificate nobody vouches for", async () => {
    const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = keys.privateKey.export({ type: "pkcs8", format: "pem" });
    const secure = createSecureServer({ key, cert: selfSignedCertificate(keys) }, () => requests.push("arrived"));
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    const address = secure.address();
    const url = `https://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}/`;
    expect(await failureOf(send({ url }))).toBe("unreachable");
    expect(requests).toEqual([]);
    secure.close();
    await once(secure, "close");
  });

  it("says nothing of the request in its errors", async () => {
    const attempt = send({ url: "http://127.0.0.1:1/?token=hunter2", headers: { authorization: "Bearer hunter2" } });
    const error: unknown = await attempt.catch((reason: unknown) => reason);
    expect(String(error)).toBe("OutboundError: unreachable: 127.0.0.1:1");
  });
});
