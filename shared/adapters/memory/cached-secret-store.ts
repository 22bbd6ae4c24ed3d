import type { Clock, SecretStore } from "../../core/ports";

/** What the cache stands in front of, and how much of it is kept. */
export interface SecretCacheOptions {
  readonly store: SecretStore;
  readonly now: Clock;
  /** Versions of secrets, and versions that are known to be absent, together. */
  readonly maxEntries: number;
}

/** A version never changes; an hour bounds how long one that was deleted or disabled elsewhere is still given out. */
const FOUND_MS = 3_600_000;
/** Long enough to turn a flood for a lost secret into one read, short enough that nobody waits for a mended one. */
const ABSENT_MS = 10_000;

interface Entry {
  readonly value: string | undefined;
  readonly expiresAt: number;
}

/**
 * Named versions of secrets in memory, in front of a store that is far away and counts reads; the least recently used
 * goes first. `RegistrationCache` above it decides how fresh a registration is, reads one at a time and serves stale ones
 * when a store is down; it asks for one version each time it loads. This layer makes that cost no read, so that
 * registrations load while the secret store is down. The newest version and the list of versions are always asked for,
 * because another instance may have added one.
 */
export class CachedSecretStore implements SecretStore {
  readonly #options: SecretCacheOptions;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #deletions = 0;

  constructor(options: SecretCacheOptions) {
    this.#options = options;
  }

  async get(name: string, version?: string): Promise<string | undefined> {
    const { store, now } = this.#options;
    if (version === undefined) return store.get(name);
    const key = keyOf(name, version);
    const known = this.#entries.get(key);
    if (known && now() < known.expiresAt) {
      this.#keep(key, known);
      return known.value;
    }
    return this.#remember(store.get(name, version), (value) => ({ key, value }));
  }

  async set(name: string, value: string): Promise<string> {
    return this.#remember(this.#options.store.set(name, value), (version) => ({ key: keyOf(name, version), value }));
  }

  versions(name: string): Promise<readonly string[]> {
    return this.#options.store.versions(name);
  }

  /** Forgets the name even if the store fails, since it may have deleted it all the same. */
  async delete(name: string): Promise<boolean> {
    try {
      return await this.#options.store.delete(name);
    } finally {
      this.#deletions++;
      for (const key of this.#entries.keys()) if (key.startsWith(keyOf(name, ""))) this.#entries.delete(key);
    }
  }

  /** Keeps what an answer tells, unless something was deleted meanwhile: then it may be gone already. */
  async #remember<T>(
    answer: Promise<T>,
    toKept: (answer: T) => { readonly key: string; readonly value: string | undefined },
  ): Promise<T> {
    const deletions = this.#deletions;
    const answered = await answer;
    if (deletions !== this.#deletions) return answered;
    const { key, value } = toKept(answered);
    this.#keep(key, { value, expiresAt: this.#options.now() + (value === undefined ? ABSENT_MS : FOUND_MS) });
    return answered;
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#options.maxEntries) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** No name holds a line break. */
function keyOf(name: string, version: string): string {
  return `${name}\n${version}`;
}
