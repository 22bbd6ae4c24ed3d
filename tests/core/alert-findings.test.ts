import { type ActivityNote, emptyActivity } from "../../shared/core/activity";
import { ActivityDelta } from "../../shared/core/activity-delta";
import { queueFindings, untoldConditions, webhookFindings } from "../../shared/core/alert-findings";
import { computeHealth } from "../../shared/core/health";
import { isHoldFull, isHoldNearlyFull, pauseAdvice } from "../../shared/core/pause";
import type { Registration } from "../../shared/core/registration";
import { createProviders } from "../../shared/providers/registry";
import { makeRegistration, noon } from "../support/make";

const providers = createProviders({ googleCertificatesUrl: "https://certs.example.com" });
const MINUTE_MS = 60_000;

const times = (count: number, note: Omit<ActivityNote, "at">): ActivityNote[] =>
  Array.from({ length: count }, () => ({ at: noon, ...note }));

/** What is wrong with a webhook to which this happened. */
function findingsAfter(notes: readonly ActivityNote[], overrides: Partial<Registration> = {}, deadLettersCount = 0) {
  const registration = makeRegistration(overrides);
  const provider = providers.get(registration.integrationId);
  if (!provider) throw new Error("no such provider");
  const delta = new ActivityDelta();
  for (const note of notes) delta.add(note);
  const windowMs = 60 * MINUTE_MS;
  const key = { registrationId: registration.id, pk: "pk", tenantId: "tenant-123" };
  const activity = delta.applyTo(emptyActivity(key), windowMs);
  const health = computeHealth({ registration, activity, provider, deadLettersCount, now: noon, windowMs });
  return { provider, findings: webhookFindings({ registration, health, provider, now: noon }) };
}

const refusals = (notes: readonly ActivityNote[], overrides?: Partial<Registration>) =>
  findingsAfter(notes, overrides).findings.filter(({ condition }) => condition === "refused_rate");

describe("the health of a webhook", () => {
  const severityAfter = (notes: readonly ActivityNote[], overrides?: Partial<Registration>) =>
    findingsAfter(notes, overrides).findings.find(({ condition }) => condition === "health")?.severity;
  const refused = (count: number) => times(count, { count: "refused", reason: "signature_mismatch" });
  const genuine = times(1, { count: "accepted" });

  it.each<[string, ActivityNote[], string | undefined]>([
    ["is a warning where one forged request is all that came", refused(1), "warning"],
    ["is a warning where two are", refused(2), "warning"],
    ["is critical from the third failure in a row on", refused(3), "critical"],
    ["is a warning where nine failed, and then one was genuine", [...refused(9), ...genuine], "warning"],
    ["is critical where ten failed", [...refused(10), ...genuine], "critical"],
    ["is told to nobody where all is well", genuine, undefined],
  ])("%s", (_, notes, severity) => {
    expect(severityAfter(notes)).toBe(severity);
  });

  it("is critical where five events in a row could not be synchronised, whatever came since", () => {
    expect(severityAfter(genuine, { status: "failed" })).toBe("critical");
  });
});

describe("refused deliveries are an alert", () => {
  it("from ten on and from a quarter of all, with the reason seen last and its next step", () => {
    const refused = times(10, { count: "refused", reason: "timestamp_stale" });
    const mixed = [...times(30, { count: "accepted" }), ...refused];
    expect(refusals(mixed)).toMatchObject([
      { severity: "warning", cause: "10 of 40 deliveries were refused within 60 min (timestamp_stale)." },
    ]);
    expect(refusals(mixed)[0]?.nextStep).toMatch(/^(?!Next step).+/);
    expect(refusals([...times(31, { count: "accepted" }), ...refused])).toEqual([]);
    expect(refusals(refused.slice(1))).toEqual([]);
  });

  it("counting those of a flood that were turned away unexplained", () => {
    const flood = [
      ...times(8, { count: "refused", reason: "signature_mismatch" }),
      ...times(32, { count: "throttled" }),
    ];
    expect(refusals([...times(60, { count: "accepted" }), ...flood])).toMatchObject([
      { severity: "warning", cause: "40 of 100 deliveries were refused within 60 min (signature_mismatch)." },
    ]);
  });

  it("that is critical where nothing genuine came at all, and leads to the secret where no reason is known", () => {
    const unexplained = times(12, { count: "refused", reason: "something new" });
    const { provider } = findingsAfter(unexplained);
    expect(refusals(unexplained)).toMatchObject([
      {
        severity: "critical",
        cause: "12 of 12 deliveries were refused within 60 min (unknown).",
        nextStep: provider.hints.secret,
      },
    ]);
  });

  it("but not of a webhook that is switched off", () => {
    expect(findingsAfter(times(20, { count: "refused" }), { status: "inactive" }).findings).toEqual([]);
  });
});

it("events that were given up are an alert though no reason is known", () => {
  const { findings } = findingsAfter([], {}, 1);
  expect(findings.find(({ condition }) => condition === "dead_letters")?.cause).toBe(
    "1 event(s) were given up and wait to be replayed or discarded (unknown).",
  );
});

describe("a queue", () => {
  it.each([{}, { oldestAt: null }, { oldestAt: noon - 9 * MINUTE_MS }, { active: 9000, scheduled: 9000 }])(
    "that holds %j is nothing to be alarmed by",
    (depth) => {
      expect(queueFindings(depth, noon)).toEqual([]);
    },
  );

  it("whose head waits is told, with the number of messages where it is known", () => {
    const oldestAt = noon - 61 * MINUTE_MS;
    expect(queueFindings({ oldestAt }, noon)).toMatchObject([
      { condition: "queue_age", severity: "critical", cause: "The oldest message has waited for 61 min." },
    ]);
    expect(queueFindings({ oldestAt, active: 3 }, noon)).toMatchObject([
      { cause: "The oldest of 3 messages has waited for 61 min." },
    ]);
  });

  it("cannot be judged by what it does not tell", () => {
    expect(untoldConditions({})).toEqual(["queue_age", "queue_dead_letters"]);
    expect(untoldConditions({ oldestAt: null })).toEqual(["queue_dead_letters"]);
    expect(untoldConditions({ oldestAt: noon, deadLettered: 0 })).toEqual([]);
  });
});

describe("a pause", () => {
  const pause = { state: "paused", since: new Date(noon).toISOString(), by: "ada" } as const;
  const bounds = { maxEvents: 100, maxMs: 10 * MINUTE_MS };
  const holdOf = (held: number, minutes: number) => ({ pause, held, bounds, now: noon + minutes * MINUTE_MS });

  it.each([
    ["few events for a short time", holdOf(79, 7), false, false],
    ["most of the events that there may be", holdOf(80, 0), true, false],
    ["nearly all of them", holdOf(99, 9), true, false],
    ["all of them", holdOf(100, 0), true, true],
    ["more of them than there may be by now", holdOf(101, 0), true, true],
    ["most of the time", holdOf(0, 8), true, false],
    ["all of it", holdOf(0, 10), true, true],
  ])("holds %s", (_, hold, isNearly, isFull) => {
    expect([isHoldNearlyFull(hold), isHoldFull(hold)]).toEqual([isNearly, isFull]);
    expect(pauseAdvice(hold).includes("because no more may be held")).toBe(isFull);
  });

  it("says how much is left while it ends", () => {
    expect(pauseAdvice({ ...holdOf(3, 0), pause: { ...pause, state: "resuming" } })).toContain("3 event(s) are left");
  });
});
