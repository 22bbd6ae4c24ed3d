import { readEventName, toEntityType, toSingular, toSnakeCase } from "../../shared/providers/event-name";

describe("the name of an event", () => {
  it.each([
    ["user.created", ["user"], "created", undefined],
    ["customer.subscription.deleted", ["customer", "subscription"], "deleted", undefined],
    ["Microsoft.Storage.BlobCreated", ["microsoft", "storage", "blob"], "created", undefined],
    ["user_updated", ["user"], "updated", undefined],
    ["jira:issue_updated", ["jira", "issue"], "updated", undefined],
    ["orders/paid", ["orders"], "occurred", "paid"],
    ["com.example.order.created.v2", ["com", "example", "order"], "created", undefined],
    ["google.cloud.storage.object.v1.finalized", ["google", "cloud", "storage", "object"], "occurred", "finalized"],
    ["created", [], "created", undefined],
    ["", [], "occurred", undefined],
    ["...", [], "occurred", undefined],
  ])("%j is about %j, %s", (name, entity, eventType, action) => {
    expect(readEventName(name)).toEqual({ entity, eventType, action });
  });

  it("is read by the words that are given", () => {
    const words = new Map([["opened", "created"]] as const);
    expect(readEventName("issue.opened", words)).toEqual({ entity: ["issue"], eventType: "created", action: "opened" });
    expect(readEventName("issue.created", words)).toMatchObject({ eventType: "occurred" });
  });

  it.each([
    ["accessProposal", "access_proposal"],
    ["HTTPRequest", "http_request"],
    ["Größe 7", "gr_e_7"],
    ["--a  b__c--", "a_b_c"],
    ["☃", ""],
  ])("is written in snake_case: %s", (text, snake) => {
    expect(toSnakeCase(text)).toBe(snake);
  });

  it.each([
    ["orders", "order"],
    ["companies", "company"],
    ["addresses", "address"],
    ["statuses", "status"],
    ["boxes", "box"],
    ["access", "access"],
    ["shop", "shop"],
  ])("in the plural, %s, is one %s", (plural, singular) => {
    expect(toSingular(plural)).toBe(singular);
  });

  it("makes an entity type only of what can be one", () => {
    expect(toEntityType(["a", "b"])).toBe("a_b");
    expect(toEntityType([])).toBeUndefined();
    expect(toEntityType(["x".repeat(101)])).toBeUndefined();
  });
});
