import type { ChannelTarget } from "./alert-channel";
import type { AlertMessage } from "./alert-message";

/** Hands messages to channels. */
export interface AlertSender {
  /**
   * Resolves once the channel took it; what it took before it failed may be taken again.
   * @throws {AlertNotTaken}
   */
  send(target: ChannelTarget, message: AlertMessage): Promise<void>;
}

/** A channel did not take a message. */
export class AlertNotTaken extends Error {
  /** A code, such as `status_404` or `timeout`. */
  readonly reason: string;
  /** Milliseconds since 1970; until then it wants to be left alone. */
  readonly retryAt: number | undefined;

  constructor(reason: string, retryAt?: number, cause?: unknown) {
    super(reason, { cause });
    this.name = "AlertNotTaken";
    this.reason = reason;
    this.retryAt = retryAt;
  }
}
