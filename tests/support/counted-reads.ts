import type { Document, Documents, DocumentStore } from "../../shared/core/ports";

/**
 * A store around a real one that counts what queries cost: how many there were, and how many documents they answered. Its
 * pages may be shorter than was asked for, as those of Cosmos DB may be.
 */
export class CountedReads implements DocumentStore {
  queries = 0;
  documents = 0;
  readonly #store: DocumentStore;

  readonly #mostAPage: number;

  constructor(store: DocumentStore, mostAPage = Infinity) {
    this.#store = store;
    this.#mostAPage = mostAPage;
  }

  /** What was read since it was made, or since it was asked for the last time. */
  take(): { readonly queries: number; readonly documents: number } {
    const { queries, documents } = this;
    this.queries = 0;
    this.documents = 0;
    return { queries, documents };
  }

  collection<T extends Document>(name: Parameters<DocumentStore["collection"]>[0]): Documents<T> {
    const documents = this.#store.collection<T>(name);
    return {
      get: (pk, id) => documents.get(pk, id),
      query: async (query) => {
        const page = await documents.query({ ...query, limit: Math.min(query.limit, this.#mostAPage) });
        this.queries += 1;
        this.documents += page.items.length;
        return page;
      },
      create: (document) => documents.create(document),
      replace: (document, etag) => documents.replace(document, etag),
      upsert: (document) => documents.upsert(document),
      increment: (initial, deltas) => documents.increment(initial, deltas),
      delete: (pk, id) => documents.delete(pk, id),
    };
  }
}
