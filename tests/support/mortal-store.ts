import type { Document, Documents, DocumentStore } from "../../shared/core/ports";

/** What a killed process looks like from inside: the call never comes back. */
export class Killed extends Error {}

/**
 * A store around a real one, which dies at a write of one's choice: before the write takes effect, or after it did and
 * nobody learns of it. Once dead it answers nothing until it is revived, as a process that was killed.
 */
export class MortalStore implements DocumentStore {
  /** Writes since it was made or revived. */
  writes = 0;
  readonly #store: DocumentStore;
  #diesAt: { readonly write: number; readonly takesEffect: boolean } | undefined;
  #isDead = false;

  constructor(store: DocumentStore) {
    this.#store = store;
  }

  /** It is going to die at the n-th write from now, counted from 1. */
  dieAt(write: number, takesEffect: boolean): void {
    this.writes = 0;
    this.#diesAt = { write, takesEffect };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  revive(): void {
    this.#isDead = false;
    this.#diesAt = undefined;
    this.writes = 0;
  }

  collection<T extends Document>(name: Parameters<DocumentStore["collection"]>[0]): Documents<T> {
    const documents = this.#store.collection<T>(name);
    const read = <R>(call: () => Promise<R>): Promise<R> => (this.#isDead ? Promise.reject(new Killed()) : call());
    const write = <R>(call: () => Promise<R>): Promise<R> => this.#write(call);
    return {
      get: (pk, id) => read(() => documents.get(pk, id)),
      query: (query) => read(() => documents.query(query)),
      create: (document) => write(() => documents.create(document)),
      replace: (document, etag) => write(() => documents.replace(document, etag)),
      upsert: (document) => write(() => documents.upsert(document)),
      increment: (initial, deltas) => write(() => documents.increment(initial, deltas)),
      delete: (pk, id) => write(() => documents.delete(pk, id)),
    };
  }

  async #write<R>(call: () => Promise<R>): Promise<R> {
    if (this.#isDead) throw new Killed();
    this.writes++;
    if (this.writes !== this.#diesAt?.write) return call();
    this.#isDead = true;
    if (this.#diesAt.takesEffect) await call();
    throw new Killed();
  }
}
