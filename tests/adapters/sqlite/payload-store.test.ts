import { describePayloadStore } from "../../contracts/payload-store";
import { openTestStore } from "./open-test-store";

describe("payloads in SQLite", () => {
  describePayloadStore(async () => {
    const store = openTestStore();
    return { ...store, port: store.payloads };
  });
});
