/**
 * The cost of one verification of 2 KB, per provider, beside a plain check over the same bytes and beside what others
 * offer, all in this process, in interleaved rounds. Prints one JSON object: microseconds and ratios.
 */
import { createHmac, createVerify, generateKeyPairSync, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { verify as octokitVerify } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { makeDelivery, makeGoogleToken } from "./requests.mts";

type Check = () => unknown;

const require = createRequire(import.meta.url);
const dist = join(import.meta.dirname, "..", "..", "dist");
const { createProviders } = require(join(dist, "shared/providers/registry.js"));
const { DeliveryRequest } = require(join(dist, "shared/core/delivery-request.js"));
const { LightHeaders } = require(join(dist, "infra/local/light-headers.js"));
const { verifySlackRequest } = require("./node_modules/@slack/bolt/dist/receivers/verify-request.js");

const SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const AUDIENCE = "https://hooks.example.com/webhooks/bench";
const EMAIL = "push@bench.iam.gserviceaccount.com";
const ROUNDS = 9;
const CALLS = 20_000;

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = keys.publicKey.export({ type: "spki", format: "pem" });
const certificates = createServer((_, response) => {
  response.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=3600" });
  response.end(JSON.stringify({ bench: pem }));
});
await new Promise<void>((resolve) => certificates.listen(0, "127.0.0.1", resolve));
const address = certificates.address();
const certificatesPort = typeof address === "object" ? address?.port : 0;
const providers = createProviders({ googleCertificatesUrl: `http://127.0.0.1:${certificatesPort}/certs` });
const token = makeGoogleToken(keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), AUDIENCE, EMAIL);

/** Verification by the gateway's provider, over what the host hands it. */
function ours(name: string): { check: Check; body: Buffer; headers: Readonly<Record<string, string>> } {
  const provider = providers.get(name);
  const plan = { provider: name, path: "/", secret: SECRET, bodyBytes: 2048, count: 1, token };
  const { body: text, headers } = makeDelivery(plan);
  const body = Buffer.from(text);
  const raw = Object.entries(headers).flat();
  const scheme = name === "notion" ? "native" : provider.schemes[0];
  const proof = {
    scheme,
    secrets: [SECRET],
    settings: { scheme, audience: AUDIENCE, serviceAccountEmail: EMAIL },
    toleranceSeconds: 300,
    now: Date.now(),
  };
  return {
    check: () => provider.verify(new DeliveryRequest(new LightHeaders(raw, () => new Headers(headers)), body), proof),
    body,
    headers,
  };
}

function plainHmac(body: Buffer): Check {
  const expected = createHmac("sha256", SECRET).update(body).digest();
  return () => timingSafeEqual(createHmac("sha256", SECRET).update(body).digest(), expected);
}

function plainRsa(): Check {
  const at = token.lastIndexOf(".");
  const [text, signature] = [token.slice(0, at), Buffer.from(token.slice(at + 1), "base64url")];
  return () => createVerify("sha256").update(text).verify(keys.publicKey, signature);
}

/** Microseconds a call: the median over rounds, in each of which every check has its turn. */
async function measure(checks: Readonly<Record<string, Check>>): Promise<Record<string, number>> {
  const seen: Record<string, number[]> = Object.fromEntries(Object.keys(checks).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, check] of Object.entries(checks)) {
      const startedAt = performance.now();
      for (let call = 0; call < CALLS; call++) {
        const result = check();
        if (result instanceof Promise) await result;
      }
      if (round > 1) seen[name]?.push(((performance.now() - startedAt) / CALLS) * 1000);
    }
  }
  return Object.fromEntries(
    Object.entries(seen).map(([name, times]) => [name, times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0]),
  );
}

const report: Record<string, { us: number; ratio: number }> = {};
for (const name of ["salesforce", "notion", "slack", "github", "google"]) {
  const { check, body } = ours(name);
  const { plain = 1, gateway = 0 } = await measure({
    plain: name === "google" ? plainRsa() : plainHmac(body),
    gateway: check,
  });
  report[name] = { us: gateway, ratio: gateway / plain };
}

const github = ours("github");
const slack = ours("slack");
const text = github.body.toString();
const standard = new Webhook(SECRET);
const signedAt = new Date();
const standardHeaders = {
  "webhook-id": "msg_1",
  "webhook-timestamp": String(Math.floor(signedAt.getTime() / 1000)),
  "webhook-signature": standard.sign("msg_1", signedAt, text),
};
const others = await measure({
  plain: plainHmac(github.body),
  "@octokit/webhooks-methods": () => octokitVerify(SECRET, text, github.headers["x-hub-signature-256"] ?? ""),
  "@slack/bolt": () =>
    verifySlackRequest({
      signingSecret: SECRET,
      body: slack.body.toString(),
      headers: {
        "x-slack-signature": slack.headers["x-slack-signature"],
        "x-slack-request-timestamp": Number(slack.headers["x-slack-request-timestamp"]),
      },
    }),
  standardwebhooks: () => standard.verify(text, standardHeaders),
});
for (const [name, us] of Object.entries(others))
  if (name !== "plain") report[name] = { us, ratio: us / (others["plain"] ?? 1) };
certificates.close();
console.log(JSON.stringify(report));
