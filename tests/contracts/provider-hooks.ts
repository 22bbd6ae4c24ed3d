import type { HookOrder, HookRequest, ProviderHook } from "../../shared/core/provider-hook";
import type { ConnectionKey } from "../../shared/core/record-reader";
import { setRateLimit } from "../../shared/usecases/set-rate-limit";
import { connect } from "../support/connections";
import { noon } from "../support/make";
import { openTestApp, type TestApp } from "../support/test-app";
import type { Answer, StandIn, Tokens } from "../support/vendors/stand-in";
import { failureOf } from "./record-reader";

/** A vendor's stand-in, and a hook to be made there. */
export interface HooksSubject {
  readonly integrationId: string;
  readonly server: StandIn;
  readonly tokens: Tokens;
  /** Settings that point the app at the stand-in. */
  readonly env: Readonly<Record<string, string>>;
  readonly kind: HookOrder["kind"];
  readonly request: HookRequest;
  /** A target that is not there, or not to be seen. */
  readonly nowhere: HookRequest["target"];
  /** How many hooks of the request are there. */
  standing(): number;
  stop(): Promise<void>;
}

/** A subject that can make the next hook, and let its answer be lost. */
export interface LosingSubject extends HooksSubject {
  loseAnswer(): void;
}

/** What kinds of hooks differ in. */
export interface HookTraits {
  /** Another hook takes the place of one that is there, which is then removed. */
  readonly isReplaced?: boolean;
  /** A hook of which the answer was lost cannot be removed: it ends by itself. */
  readonly endsByItself?: boolean;
}

const failures: readonly (readonly [Answer, string])[] = [
  [{ status: 500 }, "provider_unreachable"],
  [{ instead: "hang_up" }, "provider_unreachable"],
  [{ html: "<h1>Welcome to nginx</h1>" }, "provider_answer_unknown"],
  [{ json: [{ id: {} }, "?"] }, "provider_answer_unknown"],
  [{ status: 418, json: { message: "…" } }, "provider_answer_unknown"],
  [{ status: 403, json: { message: "Forbidden" } }, "provider_forbidden"],
];

/** What making and removing hooks have in common, whoever the vendor is. */
export function describeProviderHooks(what: string, open: () => Promise<HooksSubject>, traits: HookTraits = {}): void {
  let subject: HooksSubject;
  let app: TestApp;
  let key: ConnectionKey;
  beforeEach(async () => {
    subject = await open();
    app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", ...subject.env });
    key = await connect(app, subject.integrationId, { kind: "bearer", token: subject.tokens.accessToken });
  });
  afterEach(async () => {
    await app.close();
    await subject.stop();
  });

  const put = (rest: Partial<HookOrder> = {}): Promise<ProviderHook> => {
    const { request, kind } = subject;
    return app.services.providerHooks.put(key, { request, kind, serial: 1, ...rest });
  };
  const remove = (hook: ProviderHook, target = subject.request.target): Promise<void> =>
    app.services.providerHooks.remove(key, { ...subject.request, target }, hook);
  const begun = (): ProviderHook => ({ kind: subject.kind, serial: 1 });

  describe(`${what}: a hook`, () => {
    it("is made, told of by an id, and removed", async () => {
      const made = await put();
      expect(made).toMatchObject({ kind: subject.kind, serial: 1, id: expect.any(String), madeAt: expect.any(String) });
      expect(subject.standing()).toBe(1);
      await remove(made);
      expect(subject.standing()).toBe(0);
    });

    it("that is removed already is removed", async () => {
      const made = await put();
      await remove(made);
      await remove(made);
      expect(subject.standing()).toBe(0);
    });

    it("is there once, however often it is asked for", async () => {
      const known = await put();
      const again = await put({ known, serial: traits.isReplaced === true ? 2 : 1 });
      expect(again.id === known.id).toBe(traits.isReplaced !== true);
      if (traits.isReplaced === true) await remove(known);
      expect(subject.standing()).toBe(1);
      await remove(again);
      expect(subject.standing()).toBe(0);
    });

    it("that was never made is removed", async () => {
      await remove(begun());
      await remove(begun(), subject.nowhere);
      expect(subject.standing()).toBe(0);
    });

    it("is not made where there is no such place", async () => {
      const request = { ...subject.request, target: subject.nowhere };
      expect(await failureOf(put({ request }))).toEqual({ reason: "target_not_found", permanent: true });
    });

    it("is not made, for a reason that has a code, whatever the vendor answers", async () => {
      for (const [answer, reason] of failures) {
        const mended = subject.server.failing(() => true, answer);
        expect(await failureOf(put())).toMatchObject({ reason });
        mended();
      }
      expect(subject.standing()).toBe(0);
    });

    it("waits for a limit of the vendor", async () => {
      subject.server.failing(() => true, { status: 429, headers: { "retry-after": "30" } });
      await expect(put()).rejects.toMatchObject({ name: "SyncDelay", reason: "rate_limited", at: noon + 30_000 });
    });

    it("waits for a limit of ours, and no call is made", async () => {
      await setRateLimit(app.services, key, { requestsPerMinute: 1 });
      const made = await put();
      const before = subject.server.calls.length;
      await expect(remove(made)).rejects.toMatchObject({ name: "SyncDelay", reason: "rate_limited" });
      expect(subject.server.calls).toHaveLength(before);
    });

    it("wants credentials that the vendor takes", async () => {
      subject.tokens.revoke();
      expect(await failureOf(put())).toMatchObject({ reason: "needs_reauth" });
      const other = { ...key, connectionId: "nobody's" };
      const { request, kind } = subject;
      const order = { request, kind, serial: 1 };
      expect(await failureOf(app.services.providerHooks.put(other, order))).toMatchObject({ reason: "no_credentials" });
    });
  });
}

/** What becomes of hooks whose answer was lost, for kinds of which each attempt could make another. */
export function describeLostAnswers(what: string, open: () => Promise<LosingSubject>, traits: HookTraits = {}): void {
  describe(`${what}: a hook of which the answer was lost`, () => {
    it.each([
      ["is not made twice", true],
      ["is removed, or ends by itself", false],
    ])("%s", async (_, again) => {
      const subject = await open();
      const app = await openTestApp({ OUTBOUND_ALLOW_LOOPBACK: "true", ...subject.env });
      const { integrationId, kind, request, tokens } = subject;
      const key = await connect(app, integrationId, { kind: "bearer", token: tokens.accessToken });
      const { providerHooks } = app.services;
      subject.loseAnswer();
      const lost = providerHooks.put(key, { request, kind, serial: 1 });
      expect(await failureOf(lost)).toMatchObject({ reason: "provider_unreachable" });
      expect(subject.standing()).toBe(1);
      if (again) await providerHooks.put(key, { request, kind, serial: 1 });
      else await providerHooks.remove(key, request, { kind, serial: 1 });
      expect(subject.standing()).toBe(again || traits.endsByItself === true ? 1 : 0);
      await app.close();
      await subject.stop();
    });
  });
}
