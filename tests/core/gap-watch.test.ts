import { type Activity, type ActivityNote, emptyActivity } from "../../shared/core/activity";
import { ActivityDelta } from "../../shared/core/activity-delta";
import { findGaps, type GapFindings } from "../../shared/core/gap-watch";
import type { Provisioning } from "../../shared/core/provisioning";
import { noon } from "../support/make";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (ms: number): string => new Date(ms).toISOString();

/** A webhook under watch: time goes on, notes come in, and the timer looks at it. */
class Watched {
  provisioning: Provisioning | undefined;
  activatedAt: string | undefined;
  isPaused = false;
  activity: Activity = emptyActivity({ registrationId: "webhook-1", pk: "pk", tenantId: "tenant-123" });

  note(...notes: readonly ActivityNote[]): void {
    const delta = new ActivityDelta();
    for (const note of notes) delta.add(note);
    this.activity = delta.applyTo(this.activity, HOUR);
  }

  find(now: number): GapFindings {
    const { activity, provisioning, activatedAt, isPaused } = this;
    return findGaps({ activity, provisioning, activatedAt, isPaused, now });
  }

  /** What the timer finds, and notes. */
  look(now: number) {
    const { gaps, watch } = this.find(now);
    this.activity = { ...this.activity, gaps: watch };
    return gaps;
  }
}

describe("a silence", () => {
  let watched: Watched;
  beforeEach(() => {
    watched = new Watched();
    const arrivals = Array.from({ length: 720 }, (_, index) => noon - (719 - index) * 20 * MINUTE);
    watched.note(...arrivals.map((time) => ({ at: time, count: "accepted" }) as const));
  });

  it("is no gap as long as it is usual", () => {
    expect(watched.look(noon + 50 * MINUTE)).toEqual([]);
    expect(watched.activity.gaps).toEqual({});
  });

  it("is repaired from the last delivery on when it begins to be alarming, and once a day while it lasts", () => {
    const begun = { cause: "silence", since: at(noon - MINUTE), until: at(noon + 2 * HOUR) };
    expect(watched.look(noon + 2 * HOUR)).toEqual([begun]);
    expect(watched.look(noon + 3 * HOUR)).toEqual([]);
    expect(watched.look(noon + 26 * HOUR)).toEqual([
      { cause: "silence", since: at(noon + 2 * HOUR), until: at(noon + 26 * HOUR) },
    ]);
    expect(watched.look(noon + 27 * HOUR)).toEqual([]);
  });

  it("is repaired up to the first delivery after it when it ends", () => {
    watched.look(noon + 2 * HOUR);
    watched.note({ at: noon + 5 * HOUR, count: "accepted" });
    expect(watched.look(noon + 5 * HOUR + MINUTE)).toEqual([
      { cause: "silence", since: at(noon + 2 * HOUR), until: at(noon + 5 * HOUR) },
    ]);
    expect(watched.look(noon + 5 * HOUR + 2 * MINUTE)).toEqual([]);
    expect(watched.activity.gaps).toEqual({});
  });

  it("of a webhook that was switched off begins when it was switched on again", () => {
    watched.activatedAt = at(noon + 30 * HOUR);
    expect(watched.look(noon + 30 * HOUR + 10 * MINUTE)).toEqual([]);
    expect(watched.look(noon + 33 * HOUR)).toEqual([
      { cause: "silence", since: at(noon + 30 * HOUR - MINUTE), until: at(noon + 33 * HOUR) },
    ]);
  });

  it("may follow another: both are repaired", () => {
    watched.look(noon + 2 * HOUR);
    watched.note({ at: noon + 5 * HOUR, count: "accepted" });
    expect(watched.look(noon + 9 * HOUR)).toEqual([
      { cause: "silence", since: at(noon + 2 * HOUR), until: at(noon + 5 * HOUR) },
      { cause: "silence", since: at(noon + 5 * HOUR - MINUTE), until: at(noon + 9 * HOUR) },
    ]);
  });

  it("is the same gap for whoever finds it before it is noted", () => {
    const [first] = watched.find(noon + 2 * HOUR).gaps;
    const [second] = watched.find(noon + 2 * HOUR + MINUTE).gaps;
    expect(second?.since).toBe(first?.since);
  });
});

describe("an outage of ours", () => {
  const unavailable = (ms: number) => ({ at: ms, count: "unavailable" }) as const;

  it("is repaired once, when it is over", () => {
    const watched = new Watched();
    watched.note(unavailable(noon + MINUTE));
    expect(watched.look(noon + 2 * MINUTE)).toEqual([]);
    watched.note(unavailable(noon + 7 * MINUTE));
    expect(watched.look(noon + 12 * MINUTE)).toEqual([]);
    const gap = { cause: "outage", since: at(noon), until: at(noon + 10 * MINUTE) };
    expect(watched.look(noon + 15 * MINUTE)).toEqual([gap]);
    expect(watched.look(noon + 20 * MINUTE)).toEqual([]);
  });

  it("is remembered from its beginning, also where that has left the window of the counters", () => {
    const watched = new Watched();
    for (let minute = 0; minute < 180; minute += 5) {
      watched.note(unavailable(noon + minute * MINUTE));
      expect(watched.look(noon + minute * MINUTE + 1)).toEqual([]);
    }
    expect(watched.look(noon + 190 * MINUTE)).toEqual([
      { cause: "outage", since: at(noon), until: at(noon + 180 * MINUTE) },
    ]);
  });

  it("may come again", () => {
    const watched = new Watched();
    watched.note(unavailable(noon));
    watched.look(noon + 10 * MINUTE);
    watched.note(unavailable(noon + 20 * MINUTE));
    expect(watched.look(noon + 30 * MINUTE)).toEqual([
      { cause: "outage", since: at(noon + 20 * MINUTE), until: at(noon + 25 * MINUTE) },
    ]);
  });
});

describe("events that the provider dropped", () => {
  const dropped = (ms: number) => ({ at: ms, count: "ignored", notices: ["events_dropped"] }) as const;

  it("are a gap of the last hour, once it says so no more", () => {
    const watched = new Watched();
    watched.note(dropped(noon), dropped(noon + MINUTE));
    expect(watched.look(noon + 2 * MINUTE)).toEqual([]);
    expect(watched.look(noon + 6 * MINUTE)).toEqual([
      { cause: "overflow", since: at(noon + MINUTE - HOUR), until: at(noon + 2 * MINUTE) },
    ]);
    expect(watched.look(noon + 7 * MINUTE)).toEqual([]);
    watched.note(dropped(noon + 20 * MINUTE));
    expect(watched.look(noon + 30 * MINUTE)).toEqual([
      { cause: "overflow", since: at(noon + MINUTE), until: at(noon + 21 * MINUTE) },
    ]);
  });
});

describe("a hook that expired", () => {
  const target = { kind: "drive_changes" } as const;

  it("leaves a gap from then until it is there again, which is repaired only then", () => {
    const watched = new Watched();
    watched.provisioning = { target, state: "ready", expiresAt: at(noon) };
    expect(watched.look(noon - MINUTE)).toEqual([]);
    watched.provisioning = { target, state: "pending", reason: "needs_reauth", expiresAt: at(noon) };
    expect(watched.look(noon + MINUTE)).toEqual([]);
    expect(watched.look(noon + HOUR)).toEqual([]);
    watched.provisioning = { target, state: "pending" };
    expect(watched.look(noon + 2 * HOUR)).toEqual([]);
    watched.provisioning = { target, state: "ready", expiresAt: at(noon + 30 * HOUR) };
    expect(watched.look(noon + 3 * HOUR)).toEqual([{ cause: "expired", since: at(noon), until: at(noon + 3 * HOUR) }]);
    expect(watched.look(noon + 4 * HOUR)).toEqual([]);
  });

  it("leaves none where it is renewed in time, or does not expire", () => {
    const watched = new Watched();
    watched.provisioning = { target, state: "ready", expiresAt: at(noon + HOUR) };
    expect(watched.look(noon)).toEqual([]);
    watched.provisioning = { target, state: "ready" };
    expect(watched.look(noon + 2 * HOUR)).toEqual([]);
  });
});
