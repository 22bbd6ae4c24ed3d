import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  randomUUID,
} from "node:crypto";
import { type Content, type GoogleKey, jsonContent, type SampleProvider, type Signing, unixSeconds } from "./sample";

const PUSH_ACCOUNT = "push@demo-project.iam.gserviceaccount.com";

/** What Pub/Sub pushes for Gmail, Cloud Storage and Chat, and a message of anybody's. The token does not cover the body. */
export const googleSamples: SampleProvider = {
  integrationId: "google",
  schemes: ["seed", "native"],
  verification: { serviceAccountEmail: PUSH_ACCOUNT },
  events: new Map([
    ["gmail", () => push({ data: { emailAddress: "ada@example.com", historyId: Date.now() } })],
    ["storage", () => push({ attributes: storageObject() })],
    ["chat", () => push({ data: { message: { name: "spaces/demo/messages/1" } }, attributes: chatMessage() })],
    ["plain", () => push({ data: { temperature: 21.5 }, attributes: { sensor: "attic" } })],
  ]),
  sign: (_, signing) => ({ headers: { authorization: `Bearer ${tokenFor(signing)}` } }),
};

/** A key to sign with: a new one, or that of a PEM file, whose public half has the same id each time. */
export function googleKey(pem?: Buffer): GoogleKey {
  const privateKey =
    pem === undefined ? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey : createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== "rsa") throw new TypeError("Google signs with RSA keys alone");
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return { privateKey, keyId: createHash("sha256").update(spki).digest("hex").slice(0, 40) };
}

function push(message: { readonly data?: object; readonly attributes?: object }): Content {
  const data = message.data === undefined ? undefined : Buffer.from(JSON.stringify(message.data)).toString("base64");
  return jsonContent({
    message: { ...message, data, messageId: randomUUID(), publishTime: new Date().toISOString() },
    subscription: "projects/demo-project/subscriptions/castiel",
  });
}

/** Cloud Storage, "Pub/Sub notifications": a generation counts microseconds. */
function storageObject(): object {
  return {
    eventType: "OBJECT_FINALIZE",
    bucketId: "demo-bucket",
    objectId: "report.pdf",
    objectGeneration: String(Date.now() * 1000),
    payloadFormat: "NONE",
  };
}

/** Google Workspace Events API: a CloudEvent whose attributes are those of the message. */
function chatMessage(): object {
  return {
    "ce-specversion": "1.0",
    "ce-id": randomUUID(),
    "ce-type": "google.workspace.chat.message.v1.created",
    "ce-source": "//workspaceevents.googleapis.com/subscriptions/demo",
    "ce-subject": "//chat.googleapis.com/spaces/demo",
    "ce-time": new Date().toISOString(),
    "content-type": "application/json",
  };
}

/** An OpenID token, valid for an hour as Google's. */
function tokenFor({ googleKey: key, webhookUrl }: Signing): string {
  if (key === undefined) throw new TypeError("Google's deliveries need a key");
  const now = unixSeconds();
  const claims = {
    iss: "https://accounts.google.com",
    aud: webhookUrl,
    iat: now,
    exp: now + 3600,
    email: PUSH_ACCOUNT,
    email_verified: true,
  };
  const text = [{ alg: "RS256", typ: "JWT", kid: key.keyId }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${createSign("sha256").update(text).sign(key.privateKey, "base64url")}`;
}
