import fc from "fast-check";
import { type Alert, type AlertNote, type Finding, serviceOwner } from "../../shared/core/alert";
import { advanceAlert } from "../../shared/core/alert-state";
import { noon } from "../support/make";

const subject = { kind: "webhook", id: "webhook-1", integrationId: "github" } as const;
const silent: Finding = { condition: "silent", subject, severity: "warning", cause: "c", nextStep: "n" };
const failed: Finding = { ...silent, condition: "health", severity: "critical" };
const degraded: Finding = { ...failed, severity: "warning" };
const refused: Finding = { ...silent, condition: "connection_needs_reauth" };
const RUN_MS = 5 * 60_000;

/** What is told when the timer sees this, run after run; nothing where a run tells nothing. */
function told(seen: readonly (Finding | undefined)[]): readonly (AlertNote["change"] | undefined)[] {
  return notesOf(seen).map((note) => note?.change);
}

function notesOf(seen: readonly (Finding | undefined)[]): readonly (AlertNote | undefined)[] {
  let known: Alert | undefined;
  return seen.map((finding, run) => {
    const step = advanceAlert({ owner: serviceOwner, known, finding, now: noon + run * RUN_MS });
    known = step.next ?? known;
    return step.note;
  });
}

const no = undefined;

describe("an alert", () => {
  it("is told once two runs in a row have seen it, and that it is over after three that have not", () => {
    expect(told([silent, silent, silent, no, no, no, no])).toEqual([no, "opened", no, no, no, "closed", no]);
  });

  it("is not told of what only one run has seen, nor that it is over while it comes and goes", () => {
    expect(told([silent, no, silent, no])).toEqual([no, no, no, no]);
    expect(told([silent, silent, no, silent, no, no, silent])).toEqual([no, "opened", no, no, no, no, no]);
  });

  it("is told at once, either way, where it is a fact that does not come and go", () => {
    expect(told([refused, refused, no, no])).toEqual(["opened", no, "closed", no]);
  });

  it("is told once more when it gets worse, and not when it goes to and fro", () => {
    const seen = [degraded, degraded, failed, degraded, failed, degraded];
    expect(told(seen)).toEqual([no, "opened", "worsened", no, no, no]);
  });

  it("says since when it holds, and has one key from its beginning to its end", () => {
    const notes = notesOf([degraded, degraded, failed, no, no, no]).filter((note) => note !== undefined);
    expect(new Set(notes.map(({ since }) => since))).toEqual(new Set([new Date(noon).toISOString()]));
    expect(new Set(notes.map(({ key }) => key)).size).toBe(1);
    expect(notes.map(({ severity }) => severity)).toEqual(["warning", "critical", "critical"]);
  });

  it("has another key when it comes back", () => {
    const keys = notesOf([refused, no, refused]).map((note) => note?.key);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it("that is over is forgotten after thirty days", () => {
    const open = advanceAlert({ owner: serviceOwner, known: no, finding: refused, now: noon }).next;
    const closed = advanceAlert({ owner: serviceOwner, known: open, finding: no, now: noon }).next;
    expect([open?.ttl, closed?.ttl]).toEqual([undefined, 30 * 86_400]);
  });

  /** The alert as it is kept after these runs. */
  function keptAfter(seen: readonly (Finding | undefined)[]): Alert | undefined {
    return seen.reduce<Alert | undefined>((known, finding, run) => {
      return advanceAlert({ owner: serviceOwner, known, finding, now: noon + run * RUN_MS }).next ?? known;
    }, undefined);
  }

  it("was one only if it was told", () => {
    expect(keptAfter([degraded, no])).toMatchObject({ state: "closed", wasOpen: false });
    expect(keptAfter([degraded, degraded])).toMatchObject({ state: "open", wasOpen: true });
    expect(keptAfter([degraded, degraded, no, no, no])).toMatchObject({ state: "closed", wasOpen: true });
  });

  it("that is over stays as it was when it comes back too shortly to be told, and is forgotten no later", () => {
    const over = keptAfter([failed, failed, no, no, no]);
    expect(keptAfter([failed, failed, no, no, no, degraded])).toMatchObject({ state: "rising", wasOpen: false });
    const blip = keptAfter([failed, failed, no, no, no, degraded, no]);
    expect(blip).toEqual({ ...over, serial: 2, ttl: 30 * 86_400 - 600 });
  });

  it("opens and closes in turn, whatever the runs see, and every step made anew is the same", () => {
    const finding = fc.constantFrom(no, degraded, failed, silent);
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 60 }), (seen) => {
        const one = seen.map((entry) => entry && { ...entry, condition: "health" as const });
        const changes = told(one).filter((change) => change === "opened" || change === "closed");
        expect(changes).toEqual(changes.map((_, n) => (n % 2 === 0 ? "opened" : "closed")));
        expect(notesOf(one)).toEqual(notesOf(one));
      }),
    );
  });
});
