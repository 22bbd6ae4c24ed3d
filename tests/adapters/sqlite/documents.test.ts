import { describeDocumentQueries } from "../../contracts/document-queries";
import { describeDocuments } from "../../contracts/documents";
import type { Subject } from "../../contracts/subject";
import type { DocumentStore } from "../../../shared/core/ports";
import { openTestStore } from "./open-test-store";

async function open(): Promise<Subject<DocumentStore>> {
  const store = openTestStore();
  return { ...store, port: store.documents };
}

describe("documents in SQLite", () => {
  describeDocuments(open);
});

describe("queries of documents in SQLite", () => {
  describeDocumentQueries(open);
});
