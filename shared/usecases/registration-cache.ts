import { isDeepStrictEqual } from "node:util";
import { compileEventPatterns, type EventMatcher } from "../core/event-pattern";
import type { Clock, SecretStore } from "../core/ports";
import type { Provider } from "../core/provider";
import type { Registration } from "../core/registration";
import type { RegistrationCopies, RegistrationCopy } from "../core/registration-copies";
import { tenantKeyIn } from "../core/registration-id";
import type { Signer } from "../core/rotation";
import { TokenBuckets } from "../core/token-bucket";
import type { Registrations } from "../repositories/registrations";

/** A registration ready to receive: with its provider, its secrets and its compiled patterns. */
export interface CachedRegistration {
  readonly registration: Registration;
  readonly provider: Provider;
  /** Newest first; empty where there is none. */
  readonly secrets: readonly string[];
  readonly matches: EventMatcher;
  /** While the secret is being changed: which of the two this is for, and of the new one the same for the old. */
  readonly signer?: Signer;
  readonly previous?: CachedRegistration;
  readonly loadedAt: number;
}

/** What the cache works with. */
export interface CacheDependencies {
  readonly registrations: Registrations;
  readonly secrets: SecretStore;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly now: Clock;
  readonly maxEntries: number;
  /** Stands between this memory and the store, where instances share one. */
  readonly copies?: RegistrationCopies;
}

interface Loading {
  readonly entry: Promise<CachedRegistration | undefined>;
  /** Read from the store, whatever copies there are. */
  readonly isAnew: boolean;
}

/** DESIGN 11, Cache: fresh for 30 s, and up to an hour only while the store is down. */
export const FRESH_MS = 30_000;
/** {@link FRESH_MS} */
export const STALE_MS = 3_600_000;
/** Ids are random, so that nobody asks for one before it is given out; `register` makes its own instance forget it. */
export const UNKNOWN_MS = 5_000;
/** At most one early re-read per registration in 5 s, or bad signatures would become a flood of reads. */
const REREADS_PER_SECOND = 1 / 5;

/** Registrations in memory, the longest ago loaded out first (one in use is loaded anew every 30 s). One load at a time per id. */
export class RegistrationCache {
  readonly #dependencies: CacheDependencies;
  readonly #entries = new Map<string, CachedRegistration>();
  readonly #loading = new Map<string, Loading>();
  readonly #rereads: TokenBuckets;
  /** When an id was last found to be nobody's. */
  readonly #unknown = new Map<string, number>();
  #hits = 0;
  #misses = 0;

  constructor(dependencies: CacheDependencies) {
    this.#dependencies = dependencies;
    this.#rereads = new TokenBuckets({
      ratePerSecond: REREADS_PER_SECOND,
      burst: 1,
      maxKeys: dependencies.maxEntries,
    });
  }

  /** Percent of look-ups answered from memory, 0 to 100; 100 before the first. */
  get hitRate(): number {
    const total = this.#hits + this.#misses;
    return total === 0 ? 100 : Math.round((this.#hits / total) * 1000) / 10;
  }

  /** What is fresh in memory, at once; `undefined` means that `find` has to be asked. */
  peek(registrationId: string): CachedRegistration | undefined {
    const entry = this.#freshEntry(registrationId);
    if (entry) this.#hits++;
    return entry;
  }

  #freshEntry(registrationId: string): CachedRegistration | undefined {
    const entry = this.#entries.get(registrationId);
    return entry && this.#dependencies.now() - entry.loadedAt < FRESH_MS ? entry : undefined;
  }

  /**
   * The registration of an id, `undefined` if there is none.
   * @throws {WebhookError} `store_unavailable`, `secrets_unavailable` where memory cannot help either
   */
  async find(registrationId: string): Promise<CachedRegistration | undefined> {
    const fresh = this.peek(registrationId);
    if (fresh) return fresh;
    if (this.#isUnknown(registrationId)) return undefined;
    this.#misses++;
    const entry = this.#entries.get(registrationId);
    return this.#load(registrationId, false).catch((error: unknown) => this.#staleOr(entry, error));
  }

  /** True if `find` answers without a read of its own: from memory, or by one that is under way. */
  isAtHand(registrationId: string): boolean {
    const isFresh = this.#freshEntry(registrationId) !== undefined;
    return isFresh || this.#loading.has(registrationId) || this.#isUnknown(registrationId);
  }

  #isUnknown(registrationId: string): boolean {
    if (tenantKeyIn(registrationId) === undefined) return true;
    const foundAt = this.#unknown.get(registrationId);
    return foundAt !== undefined && this.#dependencies.now() - foundAt < UNKNOWN_MS;
  }

  /**
   * Reads anew after a mismatch, however young the entry: the secret may have been changed elsewhere just now. Once that
   * was done lately, answers what memory holds.
   */
  async reread(entry: CachedRegistration): Promise<CachedRegistration | undefined> {
    const { id } = entry.registration;
    const mayRead = this.#loading.has(id) || this.#rereads.take(id, this.#dependencies.now()).allowed;
    return mayRead ? this.#load(id, true).catch(() => entry) : (this.#entries.get(id) ?? entry);
  }

  /** Takes over what was just written, so that the entry stays warm; forgets it if more was changed, perhaps elsewhere. */
  renew(registration: Registration): void {
    const entry = this.#entries.get(registration.id);
    void this.#dependencies.copies?.forget(registration.id, FRESH_MS);
    if (!entry) return;
    if (isVerifiedAlike(entry.registration, registration))
      this.#entries.set(registration.id, withRegistration(entry, registration));
    else this.forget(registration.id);
  }

  /** Forgets what may have changed. */
  forget(registrationId: string): void {
    this.#entries.delete(registrationId);
    this.#loading.delete(registrationId);
    void this.#dependencies.copies?.forget(registrationId, FRESH_MS);
    this.#unknown.delete(registrationId);
  }

  #staleOr(entry: CachedRegistration | undefined, error: unknown): CachedRegistration {
    if (entry && this.#dependencies.now() - entry.loadedAt < STALE_MS) return entry;
    throw error;
  }

  #load(registrationId: string, isAnew: boolean): Promise<CachedRegistration | undefined> {
    const running = this.#loading.get(registrationId);
    if (running && (running.isAnew || !isAnew)) return running.entry;
    const reading = isAnew ? this.#readStore(registrationId) : this.#readCopyOrStore(registrationId);
    const entry = reading.then(async (copy) => {
      const made = copy && (await this.#toEntry(copy));
      // A `forget` in the meantime means that what was read may be old already.
      if (this.#loading.get(registrationId) === loading) this.#keep(registrationId, made);
      return made;
    });
    const loading = { entry, isAnew };
    this.#loading.set(registrationId, loading);
    const done = (): void => {
      if (this.#loading.get(registrationId) === loading) this.#loading.delete(registrationId);
    };
    entry.then(done, done);
    return entry;
  }

  /** A copy is as old as it says, wherever it has been: it is never fresh for 30 s there and for 30 s more here. */
  async #readCopyOrStore(registrationId: string): Promise<RegistrationCopy | undefined> {
    const { copies, now } = this.#dependencies;
    if (!copies) return this.#readStore(registrationId);
    const copy = await copies.get(registrationId);
    if (copy && now() - copy.loadedAt < FRESH_MS) return { ...copy, loadedAt: Math.min(copy.loadedAt, now()) };
    const read = await this.#readStore(registrationId);
    if (read) void copies.put(read, read.loadedAt + FRESH_MS - now());
    return read;
  }

  async #readStore(registrationId: string): Promise<RegistrationCopy | undefined> {
    const { registrations, now } = this.#dependencies;
    const loadedAt = now();
    const registration = (await registrations.find(registrationId))?.value;
    return registration && { registration, loadedAt };
  }

  async #toEntry({ registration, loadedAt }: RegistrationCopy): Promise<CachedRegistration | undefined> {
    const { secrets, providers } = this.#dependencies;
    const provider = providers.get(registration.integrationId);
    if (!provider) return undefined;
    const { id, secretVersion, rotation, routing, events } = registration;
    const read = async (version: string | undefined): Promise<readonly string[]> => {
      const secret = version === undefined ? undefined : await secrets.get(id, version);
      return secret === undefined ? [] : [secret];
    };
    const matches = routing === undefined ? compileEventPatterns(events) : matchesNothing;
    const entry = { registration, provider, secrets: await read(secretVersion), matches, loadedAt };
    if (rotation === undefined) return entry;
    const previous = { ...entry, secrets: await read(rotation.replaced.secretVersion), signer: "previous" as const };
    return withRegistration({ ...entry, signer: "current", previous }, registration);
  }

  #keep(registrationId: string, entry: CachedRegistration | undefined): void {
    this.#entries.delete(registrationId);
    this.#unknown.delete(registrationId);
    if (entry) this.#keepIn(this.#entries, registrationId, entry);
    else this.#keepIn(this.#unknown, registrationId, this.#dependencies.now());
  }

  #keepIn<T>(map: Map<string, T>, registrationId: string, value: T): void {
    map.set(registrationId, value);
    if (map.size <= this.#dependencies.maxEntries) return;
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
}

/** What a shared webhook receives is for others. */
function matchesNothing(): false {
  return false;
}

/** The entry with what was changed of its registration; the old secret goes with the scheme that it is used by. */
function withRegistration(entry: CachedRegistration, registration: Registration): CachedRegistration {
  const { previous } = entry;
  if (previous === undefined || registration.rotation === undefined) return { ...entry, registration };
  const verification = { ...registration.verification, scheme: registration.rotation.replaced.scheme };
  return { ...entry, registration, previous: { ...previous, registration: { ...registration, verification } } };
}

/** True if the secrets and the patterns that were loaded with one registration are also the other's. */
function isVerifiedAlike(one: Registration, other: Registration): boolean {
  const loaded = ({ secretVersion, rotation, events, verification }: Registration): object => ({
    secretVersion,
    rotation,
    events,
    verification,
  });
  return isDeepStrictEqual(loaded(one), loaded(other));
}
