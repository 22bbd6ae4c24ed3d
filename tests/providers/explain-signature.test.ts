import { createHmac } from "node:crypto";
import fc from "fast-check";
import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof, Provider } from "../../shared/core/provider";
import { DeliveryRefused, type Explanation } from "../../shared/core/refusal";
import { github } from "../../shared/providers/github";
import { notion } from "../../shared/providers/notion";
import { salesforce } from "../../shared/providers/salesforce";
import { slack } from "../../shared/providers/slack";
import { contractNow } from "../contracts/provider";

const SECRET = "whsec_QSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcyE=";
const body = Buffer.from('{"zen":"Grüße/☃","id":1,"list":[1,{"b":2,"a":null}]}');
const seconds = String(contractNow / 1000);

const digestOf = (text: string | Buffer, key: string | Buffer = SECRET) => createHmac("sha256", key).update(text);
const hexOf = (text: string | Buffer, key: string | Buffer = SECRET) => digestOf(text, key).digest("hex");

function proofFor(scheme: string): Proof {
  return { scheme, secrets: [SECRET], settings: { scheme }, toleranceSeconds: 300, now: contractNow };
}

/** What the owner reads of a request that `verify` refuses; fails the test if it is not refused. */
function explanationOf(
  provider: Provider,
  headers: Record<string, string>,
  { scheme = "native", bytes = body }: { readonly scheme?: string; readonly bytes?: Buffer } = {},
): Explanation | undefined {
  const request = new DeliveryRequest(new Headers(headers), bytes);
  try {
    void provider.verify(request, proofFor(scheme));
  } catch (error) {
    if (!(error instanceof DeliveryRefused)) throw error;
    return provider.explain?.(request, proofFor(scheme), error.reason);
  }
  throw new Error("it was accepted");
}

const signedAs = (signature: string) => ({ "x-hub-signature-256": signature });
const ofGitHub = (signature: string, bytes = body) => explanationOf(github, signedAs(signature), { bytes });

describe("a signature that is right but written otherwise", () => {
  const hex = hexOf(body);
  const base64 = digestOf(body).digest("base64");

  it.each([
    ["in upper-case hex", `sha256=${hex.toUpperCase()}`],
    ["without sha256= before it", hex],
    ["with v0= before it", `v0=${hex}`],
    ["in base64", `sha256=${base64}`],
    ["without sha256= before it and in base64", base64],
    ["in base64 of the hex digits", `sha256=${Buffer.from(hex).toString("base64")}`],
  ])("%s is told as that", (how, signature) => {
    expect(ofGitHub(signature)).toEqual({
      reason: "encoding_wrong",
      detail: `It is written ${how}; sha256=<64 lower-case hex digits> is wanted.`,
    });
  });

  it("is only malformed where it is not right either", () => {
    expect(ofGitHub(hexOf(body, "another"))).toMatchObject({ reason: "header_malformed" });
    expect(ofGitHub("sha256=xyz")?.detail).toContain("written in no known way");
    expect(ofGitHub("")).toBeUndefined();
  });

  it("is malformed where the header came twice", () => {
    const detail = "The header came more than once.";
    expect(ofGitHub(`sha256=${hex}, sha256=${hex}`)).toEqual({ reason: "header_malformed", detail });
    expect(ofGitHub(`sha256=${hex},sha256=${hex}`)).toEqual({ reason: "header_malformed", detail });
  });
});

describe("a signature over a body that was written anew on its way", () => {
  const sent: [string, string][] = [
    ["JSON without spaces", '{"a":1,"b":[1,2],"c":{"d":"x, y: z"}}'],
    ["JSON with a space after each colon and comma", '{"a": 1, "b": [1, 2], "c": {"d": "x, y: z"}}'],
    ["JSON indented by two spaces", JSON.stringify({ a: 1, b: [1, 2] }, null, 2)],
    ["JSON indented by four spaces", JSON.stringify({ a: 1, b: [1, 2] }, null, 4)],
    ["JSON without spaces, with \\u escapes", '{"a":"Gr\\u00fc\\u00dfe \\u2603 \\ud83d\\ude00"}'],
    ["JSON with spaces, with \\u escapes", '{"a": "Gr\\u00fc\\u00dfe"}'],
    ["JSON with escaped slashes", '{"a":"http:\\/\\/x"}'],
    ["JSON with escaped slashes and \\u escapes", '{"a":"\\/\\u00fc"}'],
  ];

  it.each(sent)("is told: %s was signed", (how, signed) => {
    const rewritten = JSON.stringify(JSON.parse(signed), null, "\t");
    expect(ofGitHub(`sha256=${hexOf(signed)}`, Buffer.from(rewritten))).toEqual({
      reason: "body_reserialised",
      detail: `The signature matches the body as ${how}.`,
    });
  });

  it("is told where its fields were sorted", () => {
    const arrived = Buffer.from('{"b":[{"d":1,"c":2}],"a":1}');
    expect(ofGitHub(`sha256=${hexOf('{"a":1,"b":[{"c":2,"d":1}]}')}`, arrived)).toMatchObject({
      reason: "body_reserialised",
      detail: "The signature matches the body as JSON without spaces and with its fields sorted.",
    });
  });

  it.each([
    ["without the white space around it", "{}", " {}\n"],
    ["with a line feed at its end", "{}\n", "{}"],
    ["as an empty body: the signature was made before there was one", "", "{}"],
    ["as the JSON inside the form, not the form that arrived", '{"a":1}', "payload=%7B%22a%22%3A1%7D"],
    ["as the form of which this JSON was a part", "payload=%7B%22a%22%3A1%7D", '{"a":1}'],
    ["as the form of which this JSON was a part", "payload=%7B%22a%22%3A%22x+y%22%7D", '{"a":"x y"}'],
  ])("is told: %s", (how, signed, arrived) => {
    expect(ofGitHub(`sha256=${hexOf(signed)}`, Buffer.from(arrived))).toEqual({
      reason: "body_reserialised",
      detail: `The signature matches the body ${how}.`,
    });
  });

  it("is told where the letters were encoded otherwise", () => {
    const signed = Buffer.from('{"a":"ü"}', "latin1");
    expect(ofGitHub(`sha256=${hexOf(signed)}`, Buffer.from('{"a":"ü"}'))?.detail).toContain("ISO 8859-1");
  });

  it("is not looked for in a body of more than 64 KiB", () => {
    const large = Buffer.from(JSON.stringify({ a: "x".repeat(70_000) }));
    expect(ofGitHub(`sha256=${hexOf(JSON.stringify(JSON.parse(large.toString()), null, 2))}`, large)).toBeUndefined();
  });
});

describe("a signature with something that was the secret once", () => {
  it.each([
    ["with a line feed at its end", `${SECRET}\n`],
    ["without whsec_", SECRET.slice("whsec_".length)],
    ["decoded from base64", Buffer.from(SECRET.slice("whsec_".length), "base64")],
    ["with quotation marks around it", `"${SECRET}"`],
  ])("is told: %s", (how, key) => {
    const detail = `It was used ${how}.`;
    expect(ofGitHub(`sha256=${hexOf(body, key)}`)).toEqual({ reason: "secret_altered", detail });
  });

  it("is told where white space is stored with the secret", () => {
    const request = new DeliveryRequest(new Headers(signedAs(`sha256=${hexOf(body, "padded")}`)), body);
    const proof = { ...proofFor("native"), secrets: [" padded\n"] };
    expect(github.explain?.(request, proof, "signature_mismatch")).toMatchObject({ reason: "secret_altered" });
  });

  it("is told where the sender has no secret at all", () => {
    expect(ofGitHub(`sha256=${hexOf(body, "")}`)).toMatchObject({
      reason: "secret_altered",
      detail: "It was empty: the sender does not have the secret.",
    });
  });

  it("is no more than a mismatch where the secret is quite another", () => {
    expect(ofGitHub(`sha256=${hexOf(body, "quite another")}`)).toBeUndefined();
  });
});

describe("a request that is signed in another way", () => {
  it.each([
    [github, "x-slack-signature", "Slack"],
    [slack, "x-hub-signature-256", "GitHub"],
    [notion, "stripe-signature", "Stripe"],
    [salesforce, "x-notion-signature", "Notion"],
    [slack, "authorization", "Google Pub/Sub, among others,"],
  ])("is told by the headers that are there: to $id comes %s", (provider, header, sender) => {
    expect(explanationOf(provider, { [header]: "x" })).toEqual({
      reason: "other_provider",
      detail: `The header ${header} is there: that is how ${sender} proves itself.`,
    });
  });

  it("is told where only GitHub's old signature is there", () => {
    expect(explanationOf(github, { "x-hub-signature": "sha1=x" })).toEqual({ reason: "header_outdated" });
    expect(explanationOf(slack, { "x-hub-signature": "sha1=x" })).toBeUndefined();
  });

  it("is told where it is genuine by another scheme of the same provider", () => {
    const ofNotion = { "x-notion-signature": `sha256=${hexOf(body)}` };
    const detail = "It is genuine by the scheme native; this webhook is set to seed.";
    expect(explanationOf(notion, ofNotion, { scheme: "seed" })).toEqual({ reason: "other_scheme", detail });
    const timed = { ...ofNotion, "x-notion-request-timestamp": seconds };
    expect(explanationOf(notion, timed, { scheme: "seed" })).toEqual({ reason: "other_scheme", detail });
    const seed = { ...timed, "x-notion-signature": `sha256=${hexOf(`${seconds}.${body.toString()}`)}` };
    expect(explanationOf(notion, seed)).toMatchObject({ reason: "other_scheme" });
  });
});

describe("a timestamp that is refused", () => {
  const ofSlack = (timestamp: string, key = SECRET) =>
    explanationOf(slack, {
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${hexOf(`v0:${timestamp}:${body.toString()}`, key)}`,
    });

  it("is told with by how much, and whether the signature is right", () => {
    const at = (offset: number) => String(contractNow / 1000 + offset);
    expect(ofSlack(at(-412))).toEqual({
      reason: "timestamp_stale",
      detail: "It is 412 seconds behind our clock; 300 are allowed. The signature itself is right.",
    });
    expect(ofSlack(at(301), "another")).toEqual({
      reason: "timestamp_future",
      detail: "It is 301 seconds ahead of our clock; 300 are allowed. The signature is not right either.",
    });
  });

  it("is told so of a large body, too", () => {
    const large = Buffer.alloc(100_000, " ");
    const timestamp = String(contractNow / 1000 - 412);
    const headers = {
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${hexOf(Buffer.concat([Buffer.from(`v0:${timestamp}:`), large]))}`,
    };
    expect(explanationOf(slack, headers, { bytes: large })?.detail).toContain("The signature itself is right.");
  });

  it("is told to look like what it looks like", () => {
    expect(ofSlack(String(contractNow))).toMatchObject({ detail: "It looks like milliseconds." });
    expect(ofSlack("2026-11-24T09:00:00Z")).toMatchObject({ detail: "It looks like a date." });
    expect(ofSlack("soon")).toEqual({ reason: "timestamp_malformed", detail: undefined });
  });
});

describe("an explanation", () => {
  const headerNames = {
    github: "x-hub-signature-256",
    slack: "x-slack-signature",
    notion: "x-notion-signature",
    salesforce: "x-salesforce-event-signature",
  } as const;
  const json = fc.json().map((text) => Buffer.from(text));
  const bytes = fc.oneof(
    json,
    fc.uint8Array().map((array) => Buffer.from(array)),
  );

  it("never throws, and never holds the secret or a digest", () => {
    const provider = fc.constantFrom(github, slack, notion, salesforce);
    const value = fc.oneof(
      fc.stringMatching(/^[!-~]{0,100}$/),
      fc.stringMatching(/^(sha256=|v0=|)[0-9a-fA-F]{64}$/),
      bytes.map((text) => `sha256=${hexOf(text)}`),
    );
    fc.assert(
      fc.property(provider, value, bytes, fc.nat(2), ({ id, schemes, explain }, signature, content, choice) => {
        const header = headerNames[id as keyof typeof headerNames];
        const headers = new Headers({ [header]: signature, "x-slack-request-timestamp": seconds });
        const proof = proofFor(schemes[choice] ?? schemes[0]);
        for (const reason of ["header_malformed", "signature_mismatch", "timestamp_stale"] as const) {
          const text = JSON.stringify(explain?.(new DeliveryRequest(headers, content), proof, reason) ?? {});
          expect(text).not.toContain(SECRET);
          expect(text).not.toContain(hexOf(content));
          expect(text).not.toMatch(/[0-9a-f]{64}/i);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is not given where there is no scheme, or nothing more to say", () => {
    const request = new DeliveryRequest(new Headers(), body);
    expect(github.explain?.(request, proofFor("telepathy"), "scheme_unknown")).toBeUndefined();
    expect(github.explain?.(request, proofFor("native"), "secret_missing")).toBeUndefined();
  });
});
