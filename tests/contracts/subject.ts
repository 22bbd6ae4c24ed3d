import type { ErrorCode } from "../../shared/core/errors";

/** An adapter under test: freshly opened, with the means to let its time pass and to make it fail. */
export interface Subject<Port> {
  readonly port: Port;
  /** Milliseconds since 1970, on the clock that the adapter goes by. */
  now(): number;
  /** Moves that clock forward; where the clock is the real one, waits. */
  passTime(ms: number): Promise<void>;
  /** Makes the technology below unreachable for the rest of the test. */
  breakDown(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a {@link Subject} before each test of the suite around the call, and closes it after. */
export function openForEach<S extends Subject<unknown>>(open: () => Promise<S>): () => S {
  let subject: S | undefined;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(async () => {
    await subject?.close();
    subject = undefined;
  });
  return () => {
    if (subject === undefined) throw new Error("only within a test");
    return subject;
  };
}

/** Fails unless every one of the promises rejects with a WebhookError of this code. */
export async function expectAllToReject(attempts: readonly Promise<unknown>[], code: ErrorCode): Promise<void> {
  const outcomes = await Promise.allSettled(attempts);
  const errors = outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason : "resolved"));
  expect(errors).toEqual(attempts.map(() => expect.objectContaining({ name: "WebhookError", code })));
}
