import { createHmac, type KeyObject } from "node:crypto";

/** A delivery as it is sent. */
export interface Delivery {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** What follows the webhook's URL, question mark included. */
  readonly query?: string;
}

/** A delivery before it is signed. */
export interface Content extends Delivery {
  /** A greeting of the provider, which holds no event. */
  readonly isHandshake?: true;
  /** What the provider reads in the place of our receipt, so that a duplicate is not told. */
  readonly acknowledgement?: string;
}

/** A key that stands in for Google's, and the name under which its public half is looked up. */
export interface GoogleKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** What a delivery is signed with. */
export interface Signing {
  readonly secret: string;
  readonly scheme: string;
  /** As the gateway knows it: Google's tokens are made for it, and Twilio signs it. */
  readonly webhookUrl: string;
  readonly googleKey?: GoogleKey | undefined;
}

/** What is added to a delivery, or takes the place of what it has. */
export type Proof = Partial<Delivery>;

/** A provider as its deliveries show it. What is signed here is signed by the vendors' pages, not by the gateway's code. */
export interface SampleProvider {
  readonly integrationId: string;
  /** As the gateway names them, the one of a generated secret first. */
  readonly schemes: readonly [string, ...string[]];
  /** Settings of `verification` without which the samples are refused. */
  readonly verification?: Readonly<Record<string, string | readonly string[]>>;
  /** What each event makes, with ids and times of its own at every call; the default comes first. */
  readonly events: ReadonlyMap<string, () => Content>;
  /** What proves a delivery. */
  readonly sign: (content: Content, signing: Signing) => Proof;
}

/** The delivery with its proof. */
export function signed({ sign }: SampleProvider, content: Content, signing: Signing): Delivery {
  const proof = sign(content, signing);
  const { body, headers, query } = { ...content, ...proof, headers: { ...content.headers, ...proof.headers } };
  return { body, headers, ...(query !== undefined && { query }) };
}

/** A JSON body and its headers. */
export function jsonContent(json: unknown, headers: Readonly<Record<string, string>> = {}): Content {
  const body = Buffer.from(JSON.stringify(json));
  return { body, headers: { "content-type": "application/json", ...headers } };
}

/** HMAC-SHA256 over the parts, joined. */
export function hmac(key: string | Buffer, ...parts: readonly (string | Buffer)[]): Buffer {
  const digest = createHmac("sha256", key);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/** The same in lower-case hex. */
export function hmacHex(key: string, ...parts: readonly (string | Buffer)[]): string {
  return hmac(key, ...parts).toString("hex");
}

/** Unix seconds of now. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
