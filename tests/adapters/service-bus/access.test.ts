import { generateKeyPairSync } from "node:crypto";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { inspect } from "node:util";
import { openServiceBusQueue, type ServiceBusQueueOptions } from "../../../shared/adapters/service-bus/event-queue";
import { makeMessage } from "../../contracts/event-queue";
import { selfSignedCertificate } from "../../support/self-signed-certificate";
import { useBroker } from "./use-broker";

type Credential = Extract<ServiceBusQueueOptions, { readonly credential: unknown }>["credential"];

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const cert = selfSignedCertificate(keys, "localhost");
const tls = { cert, key: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString() };

/** The whole of a failed send: its message, its cause, the cause's causes. */
async function failureOf(queue: ReturnType<typeof openServiceBusQueue>): Promise<string> {
  const [outcome] = await Promise.allSettled([queue.send([makeMessage()])]);
  expect(outcome).toMatchObject({ status: "rejected", reason: { code: "queue_unavailable" } });
  return inspect(outcome, { depth: Infinity, showHidden: true });
}

describe("a namespace reached by an identity", () => {
  const trusted = getCACertificates();
  beforeAll(() => setDefaultCACertificates([...trusted, cert]));
  afterAll(() => setDefaultCACertificates(trusted));
  const { broker, track, queued } = useBroker({ tls });
  const openAs = (credential: Credential) => {
    const { fullyQualifiedNamespace } = broker();
    return track(openServiceBusQueue({ fullyQualifiedNamespace, credential, queueName: "events" }));
  };
  const openWithToken = (token: string, scopes: unknown[] = []) =>
    openAs({
      getToken: async (scope) => {
        scopes.push(scope);
        return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    });

  it("gets the identity's token for Service Bus", async () => {
    const scopes: unknown[] = [];
    await openWithToken(broker().claims.bearerToken, scopes).send([makeMessage()]);
    expect([scopes, queued().length]).toEqual([["https://servicebus.azure.net//.default"], 1]);
  });

  it("is unavailable to an identity without the role, and the error does not tell its token", async () => {
    const failure = await failureOf(openWithToken("token-of-somebody-else"));
    expect(failure).toContain("UnauthorizedAccess");
    expect(failure).not.toContain("token-of-somebody-else");
  });

  it("is unavailable while there is no token", async () => {
    const failing = openAs({ getToken: () => Promise.reject(new Error("no identity here")) });
    await expect(failing.send([makeMessage()])).rejects.toMatchObject({ code: "queue_unavailable" });
  });
});

describe("a namespace reached by a key", () => {
  const { broker, open, track } = useBroker();

  it("is unavailable with a wrong key, and the error does not tell it", async () => {
    const wrongKey = Buffer.from("a key that was rotated").toString("base64");
    const connectionString = broker().connectionString.replace(broker().claims.sharedAccessKey, wrongKey);
    const failure = await failureOf(track(openServiceBusQueue({ connectionString, queueName: "events" })));
    expect(failure).toContain("UnauthorizedAccess");
    expect(failure).not.toMatch(/SharedAccess|sig=/);
    expect(failure).not.toContain(wrongKey);
  });

  it.each<[string, () => Promise<void> | void]>([
    ["is down", () => broker().stop()],
    ["refuses", () => broker().refuseSends("amqp:not-allowed")],
    ["does not answer", () => broker().freeze()],
  ])("keeps the key out of the error when it %s", async (_, fail) => {
    const queue = open({ attemptTimeoutMs: 200 });
    await queue.send([makeMessage()]);
    await fail();
    const failure = await failureOf(queue);
    expect(failure).not.toMatch(/SharedAccess|sig=/);
    expect(failure).not.toContain(broker().claims.sharedAccessKey);
  });

  it("refuses a malformed connection string at once, without repeating it", () => {
    const connectionString = "Endpoint=sb://example.servicebus.windows.net/;SharedAccessKey=c2VjcmV0";
    const attempt = () => openServiceBusQueue({ connectionString, queueName: "events" });
    expect(attempt).toThrow(expect.not.objectContaining({ message: expect.stringContaining("c2VjcmV0") }));
  });
});
