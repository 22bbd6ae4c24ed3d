import fc from "fast-check";
import { compileEventPatterns, eventPatternSource } from "../../shared/core/event-pattern";
import { makeProviderEvent } from "../support/make";

const contactCreated = makeProviderEvent({
  eventType: "created",
  nativeType: "Contact.CREATE",
  nativeAction: "CREATE",
});
const issueOpened = makeProviderEvent({
  entityType: "issue",
  eventType: "created",
  nativeType: "issues.opened",
  nativeAction: "opened",
});
const transcript = makeProviderEvent({
  entityType: "page",
  nativeType: "page.transcription_block.transcript_deleted",
  nativeAction: "transcription_block.transcript_deleted",
});

describe("compileEventPatterns", () => {
  it.each([
    ["Contact.created", contactCreated],
    ["contact.CREATED", contactCreated],
    ["Contact.*", contactCreated],
    ["*.created", contactCreated],
    ["*", contactCreated],
    ["*.*", contactCreated],
    ["Contact", contactCreated],
    ["created", contactCreated],
    ["issue.created", issueOpened],
    ["issues.opened", issueOpened],
    ["issue.opened", issueOpened],
    ["issues.*", issueOpened],
    ["page.*", transcript],
    ["page.transcription_block.*", transcript],
    ["page.*.transcript_deleted", transcript],
    ["page.updated", transcript],
  ])("%s matches", (pattern, event) => {
    expect(compileEventPatterns([pattern])(event)).toBe(true);
  });

  it.each([
    ["Contact.deleted", contactCreated],
    ["Contac.*", contactCreated],
    ["Contact.created.*", contactCreated],
    ["opened", issueOpened],
    ["issues", issueOpened],
    ["issues.closed", issueOpened],
    ["page.*.*.*", transcript],
    ["block.*", transcript],
  ])("%s does not match", (pattern, event) => {
    expect(compileEventPatterns([pattern])(event)).toBe(false);
  });

  it("matches whole segments: Contact.* does not match ContactPoint.created", () => {
    const contactPoint = makeProviderEvent({ entityType: "ContactPoint", nativeType: "ContactPoint.created" });
    expect(compileEventPatterns(["Contact.*"])(contactPoint)).toBe(false);
  });

  it("matches if any of several patterns does", () => {
    expect(compileEventPatterns(["Lead.*", "Contact.created"])(contactCreated)).toBe(true);
    expect(compileEventPatterns(["Lead.*", "Account.created"])(contactCreated)).toBe(false);
  });

  it("matches every event by its own name, whatever that is", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
    fc.assert(
      fc.property(word, word, (entityType, nativeAction) => {
        const event = makeProviderEvent({ entityType, nativeType: `${entityType}.${nativeAction}`, nativeAction });
        return compileEventPatterns([`${entityType}.${nativeAction}`.toUpperCase()])(event);
      }),
    );
  });
});

describe("eventPatternSource", () => {
  const wellFormed = new RegExp(eventPatternSource);

  it.each(["Contact", "*", "a.b.c", "*.created", "Employee__c.*", "a-b.c_d"])("accepts %j", (pattern) => {
    expect(wellFormed.test(pattern)).toBe(true);
  });

  it.each(["", ".", "a.", ".a", "a..b", "Con*", "a b", "a.**", "ä", "a\n"])("refuses %j", (pattern) => {
    expect(wellFormed.test(pattern)).toBe(false);
  });
});

describe("an event that wants to be named", () => {
  const click = makeProviderEvent({
    entityType: "interaction",
    eventType: "occurred",
    nativeType: "interaction.block_actions",
    nativeAction: "block_actions",
    onlyByName: true,
  });

  it.each(["interaction", "interaction.*", "Interaction.occurred", "interaction.block_actions"])(
    "is matched by %s",
    (pattern) => {
      expect(compileEventPatterns(["*", pattern])(click)).toBe(true);
      expect(compileEventPatterns([pattern])(click)).toBe(true);
    },
  );

  it.each(["*", "*.*", "*.occurred", "*.block_actions", "occurred", "interactio.*"])(
    "is not matched by %s",
    (pattern) => {
      expect(compileEventPatterns([pattern])(click)).toBe(false);
    },
  );
});
