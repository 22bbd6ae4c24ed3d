import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readArguments } from "../../../infra/cli/client/arguments";
import { findCommand } from "../../../infra/cli/client/commands";
import { Gateway } from "../../../infra/cli/client/gateway";
import type { App } from "../../../shared/app";
import { newRegistrationId } from "../../../shared/core/registration-id";
import { call, startFunctions, testToken } from "../../support/function-app";
import { eventually } from "../../support/gateway";
import { makeDoorRecord, noon } from "../../support/make";

let app: App;
let server: Server;
let looks: number;
beforeEach(async () => {
  app = await startFunctions({}, () => noon);
  looks = 0;
  server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://localhost");
    void call("list-deliveries", { headers: testToken, query: Object.fromEntries(searchParams) }).then((reply) => {
      if (!searchParams.has("cursor")) looks++;
      response.writeHead(reply.status).end(JSON.stringify(reply.json));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await app.close();
});

/** So many lines of the log, received one millisecond after the other, the last one `endsAt`. */
async function receive(count: number, endsAt: number): Promise<readonly string[]> {
  const times = Array.from({ length: count }, (_, index) => new Date(endsAt - (count - 1 - index)).toISOString());
  const { deliveries, tenantKeyOf } = app.services;
  const registrationId = newRegistrationId(tenantKeyOf("tenant-123"));
  await Promise.all(times.map((receivedAt) => deliveries.save(makeDoorRecord({ registrationId, receivedAt }))));
  return times;
}

/** What the command printed, by the time of receipt, and what it warned of. */
interface Watch {
  readonly shown: readonly string[];
  readonly warned: readonly string[];
  stop(): Promise<void>;
}

/** Watches the log once it has had its first look. */
async function watch(): Promise<Watch> {
  // Of a server that listens on a port, the address is one of these.
  const { port } = server.address() as AddressInfo;
  const given = readArguments(["tail", "--json", "--interval", "1", "--url", `http://127.0.0.1:${port}`], {});
  const ended = new AbortController();
  const [shown, warned]: [string[], string[]] = [[], []];
  const running = findCommand(given)?.run({
    ...given,
    gateway: new Gateway(given),
    print: (text) => void shown.push((JSON.parse(text) as { readonly receivedAt: string }).receivedAt),
    warn: (text) => void warned.push(text),
    now: () => noon,
    signal: ended.signal,
  });
  await eventually(
    async () => looks,
    (count) => count > 0,
  );
  return {
    shown,
    warned,
    stop: async () => {
      ended.abort();
      await running;
    },
  };
}

/** Waits until the log was looked at once more, from the beginning to the end. */
async function anotherLook(): Promise<void> {
  const before = looks;
  await eventually(
    async () => looks,
    (count) => count > before + 1,
  );
}

describe("castiel-webhooks tail", () => {
  it("shows all that came between two looks, the oldest first, and each once", async () => {
    await receive(300, noon - 10_000);
    const { shown, warned, stop } = await watch();
    const burst = await receive(700, noon - 1000);
    await anotherLook();
    const next = await receive(1, noon);
    await anotherLook();
    await stop();
    expect(shown).toEqual([...burst, ...next]);
    expect(warned).toEqual([]);
  });

  it("shows nothing of what was there before, however far back it has to look", async () => {
    await receive(600, noon - 10_000);
    const { shown, stop } = await watch();
    const burst = await receive(150, noon);
    await anotherLook();
    await stop();
    expect(shown).toEqual(burst);
  });

  it("shows what is recorded late or changes, however many lines came since", async () => {
    const registrationId = newRegistrationId(app.services.tenantKeyOf("tenant-123"));
    const recordAt = (ms: number) => makeDoorRecord({ registrationId, receivedAt: new Date(ms).toISOString() });
    const [changing, late] = [recordAt(noon - 540_000), recordAt(noon - 500_000)];
    await app.services.deliveries.save(changing);
    await receive(300, noon - 1000);
    const { shown, warned, stop } = await watch();
    await app.services.deliveries.save({ ...changing, reason: "not_subscribed" });
    await app.services.deliveries.save(late);
    const next = await receive(1, noon);
    await anotherLook();
    await anotherLook();
    await stop();
    expect([...shown].sort()).toEqual([changing.receivedAt, late.receivedAt, ...next]);
    expect(warned).toEqual([]);
  });

  it("warns of nothing where more came within ten minutes than it reads, but not between two looks", async () => {
    await receive(1900, noon - 10_000);
    const { shown, warned, stop } = await watch();
    const [first, second] = [await receive(150, noon - 5000), await receive(150, noon)];
    await anotherLook();
    await anotherLook();
    await stop();
    expect(shown).toEqual([...first, ...second]);
    expect(warned).toEqual([]);
  });

  it("says from when on it shows what came, where that is more than it reads", async () => {
    await receive(10, noon - 10_000);
    const { shown, warned, stop } = await watch();
    const burst = await receive(2100, noon);
    await anotherLook();
    await anotherLook();
    await stop();
    expect(shown).toEqual(burst.slice(-2000));
    expect(warned).toEqual([expect.stringContaining(burst.at(-2000) ?? "")]);
  });
});
