/** A refusal as the broker words it: an AMQP error condition, and the status code that `$management` answers with it. */
export class BrokerError extends Error {
  readonly condition: string;
  readonly statusCode: number;

  constructor(condition: string, description: string, statusCode: number) {
    super(description);
    this.condition = condition;
    this.statusCode = statusCode;
  }

  /** The error of AMQP frames. */
  toAmqp(): { condition: string; description: string } {
    return { condition: this.condition, description: this.message };
  }
}

/** What was thrown, as a {@link BrokerError}: a bug of the stand-in becomes `amqp:internal-error`. */
export function toBrokerError(error: unknown): BrokerError {
  return error instanceof BrokerError ? error : new BrokerError("amqp:internal-error", String(error), 500);
}

export const lockLost = (): BrokerError =>
  new BrokerError("com.microsoft:message-lock-lost", "The lock supplied is invalid.", 410);
export const unknownEntity = (address: string): BrokerError =>
  new BrokerError("amqp:not-found", `The messaging entity '${address}' could not be found.`, 404);
export const unknownMessage = (): BrokerError =>
  new BrokerError("com.microsoft:message-not-found", "There is no such message.", 404);
export const unauthorised = (): BrokerError =>
  new BrokerError("amqp:unauthorized-access", "Unauthorized access. 'Send' claim(s) are required.", 401);
export const tooLarge = (): BrokerError =>
  new BrokerError("amqp:link:message-size-exceeded", "The message exceeds the size limit of the link.", 413);
export const notBuilt = (what: string): BrokerError =>
  new BrokerError("amqp:not-implemented", `The stand-in has no ${what}.`, 501);
