import { type Activity, type ActivityNote, emptyActivity } from "../../shared/core/activity";
import { ActivityDelta } from "../../shared/core/activity-delta";
import { computeHealth, type WebhookHealth } from "../../shared/core/health";
import type { Registration } from "../../shared/core/registration";
import { createProviders } from "../../shared/providers/registry";
import type { NoticeName } from "../../shared/core/provider-notice";
import { makeRegistration, noon } from "../support/make";

const providers = createProviders({ googleCertificatesUrl: "https://certs.example.com" });
const WINDOW_MS = 3_600_000;

function activityOf(notes: readonly ActivityNote[]): Activity {
  const delta = new ActivityDelta();
  for (const note of notes) delta.add(note);
  return delta.applyTo(emptyActivity({ registrationId: "webhook-1", pk: "pk", tenantId: "tenant-123" }), WINDOW_MS);
}

function healthAfter(notes: readonly ActivityNote[], overrides: Partial<Registration> = {}, now = noon): WebhookHealth {
  const registration = makeRegistration(overrides);
  const provider = providers.get(registration.integrationId);
  if (!provider) throw new Error("no such provider");
  return computeHealth({ registration, activity: activityOf(notes), provider, now, windowMs: WINDOW_MS });
}

const times = (count: number, note: Omit<ActivityNote, "at">): ActivityNote[] =>
  Array.from({ length: count }, () => ({ at: noon, ...note }));
const synced = (count: number) => times(count, { count: "synced" });
const refused = (count: number, reason = "signature_mismatch") => times(count, { count: "refused", reason });

describe("computeHealth", () => {
  it.each([
    ["nothing happened yet", [], "healthy", 0, 0],
    ["all went well", synced(20), "healthy", 0, 0],
    ["one failure in a row", [...synced(99), ...refused(1)], "degraded", 1, 1],
    ["two failures in a row", [...synced(98), ...refused(2)], "degraded", 2, 2],
    ["three failures in a row", [...synced(97), ...refused(3)], "failed", 3, 3],
    [
      "below 5 percent, then a genuine delivery",
      [...refused(4), ...times(1, { count: "handshake" }), ...synced(95)],
      "healthy",
      0,
      4,
    ],
    ["5 percent", [...refused(5), ...times(1, { count: "handshake" }), ...synced(94)], "degraded", 0, 5],
    ["25 percent", [...refused(25), ...times(1, { count: "handshake" }), ...synced(74)], "degraded", 0, 25],
    ["above 25 percent", [...refused(26), ...times(1, { count: "handshake" }), ...synced(73)], "failed", 0, 26],
  ])("%s: %#", (_, notes, status, failureCount, failureRate) => {
    expect(healthAfter(notes)).toMatchObject({ status, failureCount, failureRate });
  });

  it("is failed while the registration is", () => {
    expect(healthAfter(synced(10), { status: "failed" }).status).toBe("failed");
  });

  it("counts only what happened within the window", () => {
    const notes = [
      { at: noon - 2 * WINDOW_MS, count: "syncFailed", reason: "x" } as const,
      { at: noon, count: "synced" } as const,
    ];
    expect(healthAfter(notes)).toMatchObject({
      status: "healthy",
      failureRate: 0,
      counts: { syncFailed: 0, synced: 1 },
    });
  });

  it.each([
    ["signature_mismatch", "The signature does not match"],
    ["timestamp_stale", "compare the clocks"],
    ["header_missing", "The signature header is missing"],
  ])("names the cause %s and the next step", (reason, advice) => {
    expect(healthAfter(refused(1, reason)).recommendations.join(" ")).toContain(advice);
  });

  it("says where the secret is set at that very provider", () => {
    for (const provider of providers.values()) {
      const { recommendations } = healthAfter(refused(1), { integrationId: provider.id });
      expect(recommendations.join(" ")).toContain(provider.hints.secret);
    }
  });

  it("says so when genuine deliveries arrive beside refused ones", () => {
    const notes = [...times(3, { count: "accepted" }), ...refused(1)];
    expect(healthAfter(notes).recommendations.join(" ")).toContain("somebody else may be calling this URL");
  });

  it("names the connection whose synchronisation fails", () => {
    const notes = [
      ...times(1, { count: "syncFailed", reason: "unauthorised" }),
      ...times(1, { count: "dead", reason: "unauthorised" }),
    ];
    const { recommendations } = healthAfter(notes);
    expect(recommendations).toEqual([
      expect.stringContaining("Synchronising fails for connection conn-123 (unauthorised)"),
    ]);
  });

  it("advises on rate limits and on refusals of ours", () => {
    const notes = [...times(4, { count: "rateLimited" }), ...times(2, { count: "unavailable" })];
    const { recommendations } = healthAfter(notes);
    expect(recommendations.join(" ")).toMatch(/4 deliveries were answered 429.*2 deliveries were answered 503/);
  });

  it("counts what a shared webhook handed on among what did not fail", () => {
    const notes = [...refused(1), ...times(3, { count: "routed" }), ...refused(1)];
    const { failureRate, recommendations } = healthAfter(notes);
    expect(failureRate).toBe(40);
    expect(recommendations.join(" ")).toContain("Genuine deliveries arrive as well");
  });

  it("notices a webhook to which nothing was ever delivered, and one that fell silent", () => {
    expect(healthAfter([], {}, noon + 2 * WINDOW_MS).recommendations[0]).toContain("No delivery has arrived yet");
    const silent = healthAfter(times(1, { count: "accepted" }), {}, noon + 8 * 86_400_000);
    expect(silent.recommendations[0]).toContain("No event for 8 days");
  });

  it("is alarmed by a silence much longer than what it learned to be usual, and says how long both are", () => {
    const from = noon - 10 * 24 * WINDOW_MS;
    const notes = Array.from(
      { length: 720 },
      (_, index) => ({ at: from + index * 1_200_000, count: "accepted" }) as const,
    );
    const quiet = healthAfter(notes, {}, noon - 1_200_000 + 20 * 60_000);
    expect(quiet).toMatchObject({ status: "healthy", recommendations: [], silence: { isAlarming: false } });
    const silent = healthAfter(notes, {}, noon - 1_200_000 + 9 * WINDOW_MS);
    expect(silent).toMatchObject({
      status: "degraded",
      silence: { usualSeconds: 1200, longestSeconds: 1200, isAlarming: true },
      recommendations: [
        expect.stringMatching(/^Silent for 9 h, usually 20 min, hardly ever more than 20 min: /) as string,
      ],
    });
    expect(silent.recommendations[0]).toContain(providers.get("salesforce")?.hints.deliveries);
  });

  it("expects nothing of a webhook that is switched off, and learns nothing from repetitions and handshakes", () => {
    const from = noon - 10 * 24 * WINDOW_MS;
    const notes = (count: ActivityNote["count"]) =>
      Array.from({ length: 720 }, (_, index) => ({ at: from + index * 1_200_000, count }));
    const later = noon + 9 * WINDOW_MS;
    expect(healthAfter(notes("ignored"), {}, later).silence).toBeDefined();
    expect(healthAfter(notes("ignored"), { status: "inactive" }, later)).toMatchObject({ status: "healthy" });
    expect(healthAfter([...notes("duplicate"), ...notes("handshake")], {}, later).silence).toBeUndefined();
    // Switched on again, it is silent only since then.
    const activatedAt = new Date(later).toISOString();
    const back = (after: number) => healthAfter(notes("ignored"), { activatedAt }, later + after);
    expect(back(10 * 60_000)).toMatchObject({ status: "healthy", silence: { isAlarming: false } });
    expect(back(9 * WINDOW_MS)).toMatchObject({ status: "degraded", silence: { isAlarming: true } });
  });

  it("says what a waiting webhook waits for", () => {
    const waiting = healthAfter([], {
      integrationId: "google",
      status: "pending_verification",
      verification: { scheme: "seed", audience: "x" },
    });
    expect(waiting.status).toBe("degraded");
    expect(waiting.recommendations[0]).toContain("verification.serviceAccountEmail");
  });

  it("passes on what the provider says about the webhook, and does not call that healthy", () => {
    const deleted = [{ at: noon, count: "ignored", notices: ["hook_deleted"] } as const];
    const health = healthAfter(deleted, { integrationId: "github" }, noon + 1);
    expect(health.status).toBe("degraded");
    expect(health.recommendations).toEqual([
      "GitHub says that this webhook was deleted there: create it anew, or delete it here. (on 2026-11-24T12:00:00.000Z)",
    ]);
    expect(healthAfter([...deleted, ...refused(3)]).status).toBe("failed");
  });

  it("takes a notice back once a later delivery, or its time, shows that it holds no more", () => {
    const at = (time: number, ...notices: NoticeName[]) => ({ at: time, count: "ignored", notices }) as const;
    const told = [at(noon - 1, "app_uninstalled"), at(noon, "events_dropped", "tokens_revoked")];
    const advice = (now: number) => healthAfter(told, { integrationId: "slack" }, now).recommendations.join(" ");
    expect(advice(noon + 1)).not.toContain("uninstalled");
    expect(advice(noon + 1)).toContain("drops the rest");
    expect(advice(noon + WINDOW_MS)).not.toContain("drops the rest");
    expect(advice(noon + WINDOW_MS)).toContain("tokens of the app were revoked");
    expect(advice(noon + 7 * 24 * WINDOW_MS)).not.toContain("tokens of the app were revoked");
  });

  it("says how often a notice came", () => {
    const notes = times(3, { count: "ignored", notices: ["events_dropped"] });
    expect(healthAfter(notes).recommendations[0]).toContain("(3 times so far, last on 2026-11-24T12:00:00.000Z)");
  });

  it("has one thing to say of a webhook that is switched off", () => {
    expect(healthAfter(refused(3), { status: "inactive" }).recommendations).toEqual([
      'The webhook is switched off: PATCH it with {"status":"active"} to receive again.',
    ]);
  });
});

describe("ActivityDelta", () => {
  const key = { registrationId: "webhook-1", pk: "pk", tenantId: "tenant-123" };
  const notes: ActivityNote[] = [
    ...refused(2),
    { at: noon + 1, count: "accepted" },
    { at: noon + 2, count: "syncFailed", reason: "x" },
    ...refused(1, "header_missing"),
    { at: noon + 600_000, count: "synced" },
    { at: noon + 600_001, count: "dead", reason: "y", detail: "z" },
    { at: noon + 3, count: "ignored", notices: ["events_dropped", "hook_deleted"] },
    { at: noon + 2, count: "ignored", notices: ["events_dropped"] },
    { at: noon + 2, count: "ignored", unrouted: ["T1", "T2"] },
    { at: noon + 1, count: "ignored", unrouted: ["T2"] },
  ];

  it("comes to the same whether notes are applied at once or in any number of steps", () => {
    const atOnce = activityOf(notes);
    const inSteps = notes.reduce((activity, note) => {
      const delta = new ActivityDelta();
      delta.add(note);
      return delta.applyTo(activity, WINDOW_MS);
    }, emptyActivity(key));
    expect(inSteps).toEqual(atOnce);
    expect(atOnce).toMatchObject({
      refusedInRow: 0,
      syncFailuresInRow: 1,
      lastEventAt: new Date(noon + 3).toISOString(),
      notices: { events_dropped: { times: 2, lastAt: new Date(noon + 3).toISOString() } },
      unrouted: {
        T1: { times: 1, lastAt: new Date(noon + 2).toISOString() },
        T2: { times: 2, lastAt: new Date(noon + 2).toISOString() },
      },
    });
    expect(atOnce.rhythm).toMatchObject({ since: noon + 1, lastAt: noon + 1 });
    expect(activityOf([])).not.toHaveProperty("unrouted");
    expect(activityOf([])).not.toHaveProperty("notices");
    expect(activityOf(synced(1))).not.toHaveProperty("rhythm");
  });

  it("comes to the same whether a change is applied or added to the one before", () => {
    for (let split = 0; split <= notes.length; split++) {
      const [first, second] = [new ActivityDelta(), new ActivityDelta()];
      for (const [index, note] of notes.entries()) (index < split ? first : second).add(note);
      first.append(second);
      expect(first.applyTo(emptyActivity(key), WINDOW_MS)).toEqual(activityOf(notes));
    }
  });

  it("keeps the last ten reasons, newest first", () => {
    const { failureReasons } = activityOf(
      Array.from({ length: 12 }, (_, index) => ({ at: noon + index, count: "refused", reason: `r${index}` })),
    );
    expect(failureReasons.map(({ reason }) => reason)).toEqual([
      "r11",
      "r10",
      "r9",
      "r8",
      "r7",
      "r6",
      "r5",
      "r4",
      "r3",
      "r2",
    ]);
  });

  it("tells first what loses deliveries now, and then what is only under way", () => {
    const startedAt = new Date(noon - 60_000).toISOString();
    const rotation = {
      startedAt,
      startedBy: "owner",
      deadline: new Date(noon + 7 * 86_400_000).toISOString(),
      quietSeconds: 86_400,
      replaced: { secretVersion: "0", secretOrigin: "generated", scheme: "seed" },
    } as const;
    const { recommendations } = healthAfter(times(16, { count: "refused", reason: "signature_mismatch" }), {
      rotation,
    });
    expect(recommendations).toEqual([
      expect.stringContaining("The signature does not match"),
      expect.stringContaining("The secret is being changed"),
    ]);
  });

  it("drops buckets that left the window", () => {
    const old = activityOf([{ at: noon, count: "synced" }]);
    const delta = new ActivityDelta();
    delta.add({ at: noon + 2 * WINDOW_MS, count: "synced" });
    expect(Object.keys(delta.applyTo(old, WINDOW_MS).buckets)).toHaveLength(1);
  });
});
