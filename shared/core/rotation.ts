import { addTallies, type Tally } from "./tally";
import type { Registration, SecretOrigin } from "./registration";

/** Which of the two secrets signed, while there are two. */
export type Signer = "current" | "previous";

/** A change of a webhook's secret that is under way: the one that is replaced verifies as well, until it is retired. */
export interface SecretRotation {
  /** ISO 8601; also tells one rotation from the next. */
  readonly startedAt: string;
  readonly startedBy: "owner" | "policy";
  /** ISO 8601: then the old secret is retired, whoever still uses it. */
  readonly deadline: string;
  /** It is retired before, once nothing but the new one was seen for so long … */
  readonly quietSeconds: number;
  /** … or in so many deliveries in a row; absent: the time alone counts. */
  readonly quietDeliveries?: number;
  /** ISO 8601; when the owner was first told that the deadline is near and the old one in use. */
  readonly warnedAt?: string;
  /** What is replaced: where the old secret is, and how it is used. */
  readonly replaced: ReplacedSecret;
}

/** A secret that another takes the place of. */
export interface ReplacedSecret {
  readonly secretVersion: string;
  readonly secretOrigin: SecretOrigin;
  readonly scheme: string;
}

/** What was seen of both secrets during one rotation. */
export interface SecretUses {
  /** When the rotation began. */
  readonly rotation: string;
  readonly current?: Tally;
  readonly previous?: Tally;
  /** Deliveries by the new one since the last by the old one, and (ISO 8601) when the first of them came. */
  readonly currentInRow: number;
  readonly currentSince?: string;
}

/** One delivery during a rotation. */
export interface SecretUse {
  /** When the rotation began, ISO 8601. */
  readonly rotation: string;
  readonly signer: Signer;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One use, as what was seen. */
export function usedOnce({ rotation, signer, at }: SecretUse): SecretUses {
  const lastAt = new Date(at).toISOString();
  return signer === "current"
    ? { rotation, current: { times: 1, lastAt }, currentInRow: 1, currentSince: lastAt }
    : { rotation, previous: { times: 1, lastAt }, currentInRow: 0 };
}

/** What was seen in all; of two rotations the later one. */
export function addUses(earlier: SecretUses | undefined, later: SecretUses): SecretUses {
  if (earlier === undefined || earlier.rotation < later.rotation) return later;
  if (earlier.rotation > later.rotation) return earlier;
  const current = later.current ? addTallies(earlier.current, later.current) : earlier.current;
  const previous = later.previous ? addTallies(earlier.previous, later.previous) : earlier.previous;
  const row = later.previous
    ? { inRow: later.currentInRow, since: later.currentSince }
    : { inRow: earlier.currentInRow + later.currentInRow, since: earlier.currentSince ?? later.currentSince };
  return {
    rotation: later.rotation,
    ...(current && { current }),
    ...(previous && { previous }),
    currentInRow: row.inRow,
    ...(row.since !== undefined && { currentSince: row.since }),
  };
}

/** What of the uses belongs to the rotation that is under way. */
export function usesDuring(rotation: SecretRotation, uses: SecretUses | undefined): SecretUses {
  return uses?.rotation === rotation.startedAt ? uses : { rotation: rotation.startedAt, currentInRow: 0 };
}

/** Why the old secret may be retired now: `quiet`, only the new one is seen; `deadline`. `now` in milliseconds. */
export function retirementOf(
  rotation: SecretRotation,
  uses: SecretUses,
  now: number,
): "quiet" | "deadline" | undefined {
  if (isQuiet(rotation, uses, now)) return "quiet";
  return now >= Date.parse(rotation.deadline) ? "deadline" : undefined;
}

function isQuiet({ quietSeconds, quietDeliveries }: SecretRotation, uses: SecretUses, now: number): boolean {
  if (uses.currentInRow === 0 || uses.currentSince === undefined) return false;
  if (quietDeliveries !== undefined && uses.currentInRow >= quietDeliveries) return true;
  // What instances saw is put together late, so that the last use of the old secret may lie within the row.
  const since = Math.max(Date.parse(uses.currentSince), Date.parse(uses.previous?.lastAt ?? uses.rotation));
  return now - since >= quietSeconds * 1000;
}

const HOUR_MS = 3_600_000;

/**
 * True if the deadline is near, and the old secret still in use: it was used last, or by one of several senders not long
 * ago. `now` in milliseconds.
 */
export function isDeadlineAlarming(rotation: SecretRotation, uses: SecretUses, now: number): boolean {
  const [start, end] = [Date.parse(rotation.startedAt), Date.parse(rotation.deadline)];
  const quarter = (end - start) / 4;
  if (uses.previous === undefined || now < end - Math.min(24 * HOUR_MS, quarter)) return false;
  // A short overlap ends before anything counts as quiet.
  const recentMs = Math.min(rotation.quietSeconds * 1000, quarter);
  return uses.currentInRow === 0 || now - Date.parse(uses.previous.lastAt) < recentMs;
}

const MAX_FORMER_SECRETS = 2;

/** The registration with another secret in force at once, whatever rotation was under way. `at`: ISO 8601. */
export function withSecretVersion(registration: Registration, secretVersion: string, at: string): Registration {
  const { rotation, formerSecretVersions, ...rest } = registration;
  const replaced = [registration.secretVersion, rotation?.replaced.secretVersion, ...(formerSecretVersions ?? [])];
  const former = replaced.filter((version) => version !== undefined).slice(0, MAX_FORMER_SECRETS);
  return { ...rest, secretVersion, secretSince: at, ...(former.length > 0 && { formerSecretVersions: former }) };
}

/** What a rotation begins with. */
export type RotationTerms = Omit<SecretRotation, "replaced" | "warnedAt">;

/** The registration with a new secret, and the present one as what is replaced. It has one, and no rotation. */
export function withRotation(
  registration: Registration,
  next: ReplacedSecret,
  terms: RotationTerms,
): Registration | undefined {
  const { secretVersion, secretOrigin, verification } = registration;
  if (secretVersion === undefined) return undefined;
  return {
    ...registration,
    secretVersion: next.secretVersion,
    secretOrigin: next.secretOrigin,
    secretSince: terms.startedAt,
    verification: { ...verification, scheme: next.scheme },
    rotation: { ...terms, replaced: { secretVersion, secretOrigin, scheme: verification.scheme } },
    updatedAt: terms.startedAt,
  };
}

/** The registration with the new secret alone. `at`: ISO 8601. */
export function withoutReplaced(registration: Registration, at: string): Registration {
  const { rotation, formerSecretVersions = [], ...rest } = registration;
  if (rotation === undefined) return registration;
  const former = [rotation.replaced.secretVersion, ...formerSecretVersions].slice(0, MAX_FORMER_SECRETS);
  return { ...rest, formerSecretVersions: former, updatedAt: at };
}

/** When the secret is so old that it is to be changed, in milliseconds since 1970; `undefined` where it never is. */
export function secretDueAt(registration: Registration, maxAgeMs: number): number | undefined {
  const { secretVersion, status, rotation, secretSince = registration.createdAt } = registration;
  const isKept = secretVersion !== undefined && status !== "inactive" && rotation === undefined;
  return isKept && maxAgeMs > 0 ? Date.parse(secretSince) + maxAgeMs : undefined;
}
