import type { Mapping } from "../core/mapping";
import type { Clock } from "../core/ports";
import { mappingIdOf, type MappingKey, type Mappings } from "../repositories/mappings";
import { builtInMapping } from "./built-in-mappings";

/** Another instance's change to a mapping counts here after this time at the latest, in milliseconds. */
const FRESH_MS = 10_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly mapping: Promise<Mapping | undefined>;
  readonly loadedAt: number;
}

/** The mapping that counts: the tenant's own, else the one that comes with the product. In memory for some seconds. */
export class MappingSource {
  readonly #mappings: Mappings;
  readonly #now: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(mappings: Mappings, now: Clock) {
    this.#mappings = mappings;
    this.#now = now;
  }

  /**
   * `undefined` where records keep their fields as they are.
   * @throws {WebhookError} `store_unavailable`
   */
  find(key: MappingKey): Promise<Mapping | undefined> {
    const name = nameOf(key);
    const known = this.#entries.get(name);
    if (known && this.#now() - known.loadedAt < FRESH_MS) return known.mapping;
    const entry: Entry = { mapping: this.#load(key), loadedAt: this.#now() };
    // A failed read is not remembered.
    entry.mapping.catch(() => this.#entries.delete(name));
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    this.#forgetOldest();
    return entry.mapping;
  }

  /** Called when a mapping was changed here: it counts at once. */
  forget(key: MappingKey): void {
    this.#entries.delete(nameOf(key));
  }

  async #load(key: MappingKey): Promise<Mapping | undefined> {
    const own = await this.#mappings.get(key);
    return own?.mapping ?? builtInMapping(key.integrationId, key.entityType);
  }

  #forgetOldest(): void {
    if (this.#entries.size <= MAX_ENTRIES) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

function nameOf(key: MappingKey): string {
  return `${key.tenantId}\n${mappingIdOf(key)}`;
}
