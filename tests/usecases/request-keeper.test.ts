import { randomBytes } from "node:crypto";
import type { KeptRequestKey } from "../../shared/core/kept-request";
import { WebhookError } from "../../shared/core/errors";
import { createSealer, SEALER_KEY_BYTES } from "../../shared/core/sealer";
import { KeptRequests } from "../../shared/repositories/kept-requests";
import { RequestKeeper } from "../../shared/usecases/request-keeper";
import { openTestStore, type TestStore } from "../adapters/sqlite/open-test-store";

const MEGABYTE = 1024 * 1024;

let store: TestStore;
let keptRequests: KeptRequests;
let keeper: RequestKeeper;
let logged: string[];
beforeEach(() => {
  store = openTestStore();
  logged = [];
  keptRequests = new KeptRequests(store.payloads, createSealer(randomBytes(SEALER_KEY_BYTES)));
  keeper = new RequestKeeper(keptRequests, (_, event) => void logged.push(event));
});
afterEach(() => store.close());

let made = 0;
function keep(registrationId: string, bytes: number, headers: [string, string][] = []): KeptRequestKey | undefined {
  const key = { tenantId: "tenant-123", registrationId, keptAs: `request-${made++}` };
  const request = { headers, query: "", body: Buffer.alloc(bytes) };
  return keeper.keep({ key, request, ttlSeconds: 60 }) ? key : undefined;
}

const isKept = async (key: KeptRequestKey) => (await keptRequests.get(key)) !== undefined;
const taken = (count: number, make: () => KeptRequestKey | undefined) =>
  Array.from({ length: count }, make).filter((key) => key !== undefined);

describe("RequestKeeper", () => {
  it("keeps all that it says it takes, and has room for other webhooks in a flood of one", async () => {
    const flooded = taken(100, () => keep("flooded", MEGABYTE));
    const others = ["a", "b", "c"].map((name) => keep(name, MEGABYTE));
    expect(flooded).toHaveLength(3);
    expect(others).not.toContain(undefined);
    await keeper.flush();
    const later = keep("flooded", MEGABYTE);
    await keeper.flush();
    const all = [...flooded, ...others, later].filter((key) => key !== undefined);
    expect(await Promise.all(all.map(isKept))).toEqual(all.map(() => true));
  });

  it("takes no more than its bounds while the store does not answer, headers and empty bodies counted", async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    jest.spyOn(store.payloads, "put").mockImplementation(() => answered);
    let count = 0;
    for (let second = 0; second < 10; second++) {
      count += taken(100, () => keep(`webhook-${second}`, MEGABYTE)).length;
      await new Promise(setImmediate);
    }
    expect(count).toBe(15);
    answer();
    await keeper.flush();
    const withHeaders = taken(1000, () => keep("headers", 0, [["x", "y".repeat(8 * 1024)]]));
    expect(withHeaders.length).toBeLessThan(500);
    await keeper.flush();
  });

  it("says what could not be kept, and goes on", async () => {
    jest.spyOn(store.payloads, "put").mockRejectedValueOnce(new WebhookError("store_unavailable"));
    const [lost, kept] = [keep("a", 10), keep("a", 10)];
    await keeper.flush();
    expect(logged).toEqual(["request.not_kept"]);
    const both = [lost, kept].filter((key) => key !== undefined);
    expect(await Promise.all(both.map(isKept))).toEqual([false, true]);
  });
});
