import type { AccountRoute } from "../core/account-routing";
import type { Clock } from "../core/ports";
import type { Routes, SharedKey } from "../repositories/routes";
import { FRESH_MS, STALE_MS, UNKNOWN_MS } from "./registration-cache";

/** What the cache works with. */
export interface RouteCacheDependencies {
  readonly routes: Routes;
  readonly now: Clock;
  readonly maxEntries: number;
}

interface Known {
  /** Absent where the account was mapped to nobody. */
  readonly route: AccountRoute | undefined;
  readonly loadedAt: number;
}

/**
 * Routes in memory, for as long as registrations are; that there is none for a shorter time, because what is delivered
 * meanwhile is lost. One read at a time per account.
 */
export class RouteCache {
  readonly #dependencies: RouteCacheDependencies;
  readonly #known = new Map<string, Known>();
  readonly #loading = new Map<string, Promise<Known>>();

  constructor(dependencies: RouteCacheDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws {WebhookError} `store_unavailable` where memory cannot help either */
  async find(shared: SharedKey, accountId: string): Promise<AccountRoute | undefined> {
    const key = keyOf(shared, accountId);
    const known = this.#known.get(key);
    if (known && this.#ageOf(known) < (known.route ? FRESH_MS : UNKNOWN_MS)) return known.route;
    try {
      return (await this.#load(key, shared, accountId)).route;
    } catch (error) {
      if (known?.route && this.#ageOf(known) < STALE_MS) return known.route;
      throw error;
    }
  }

  /** Forgets what may have changed, and what is just being read. */
  forget(shared: SharedKey, accountId: string): void {
    this.#known.delete(keyOf(shared, accountId));
    this.#loading.delete(keyOf(shared, accountId));
  }

  #ageOf({ loadedAt }: Known): number {
    return this.#dependencies.now() - loadedAt;
  }

  #load(key: string, shared: SharedKey, accountId: string): Promise<Known> {
    const running = this.#loading.get(key);
    if (running) return running;
    const loadedAt = this.#dependencies.now();
    const loading = this.#dependencies.routes.find(shared, accountId).then((route): Known => {
      const known = { route, loadedAt };
      // A `forget` in the meantime means that what was read may be old already.
      if (this.#loading.get(key) === loading) this.#keep(key, known);
      return known;
    });
    this.#loading.set(key, loading);
    const done = (): void => {
      if (this.#loading.get(key) === loading) this.#loading.delete(key);
    };
    loading.then(done, done);
    return loading;
  }

  #keep(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size <= this.#dependencies.maxEntries) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function keyOf({ id }: SharedKey, accountId: string): string {
  return `${id} ${accountId}`;
}
