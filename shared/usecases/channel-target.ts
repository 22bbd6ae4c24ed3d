import type { AlertChannel, ChannelTarget } from "../core/alert-channel";
import { AlertNotTaken } from "../core/alert-sender";
import type { Services } from "./services";

/** Where a channel's target is. */
export type TargetPointer = Pick<AlertChannel, "secretName" | "secretVersion">;

/** Keeps a target in the secret store. */
export async function storeTarget(
  { secrets, newId }: Services,
  known: AlertChannel | undefined,
  target: ChannelTarget,
): Promise<TargetPointer> {
  // A random name, because a vault keeps the name of a deleted secret, and a channel may be made anew.
  const secretName = known?.secretName ?? `alert-channel-${newId()}`;
  return { secretName, secretVersion: await secrets.set(secretName, JSON.stringify(target)) };
}

/** @throws {WebhookError} `secrets_unavailable`. {AlertNotTaken} it is gone. */
export async function openTarget({ secrets }: Services, channel: TargetPointer): Promise<ChannelTarget> {
  const text = await secrets.get(channel.secretName, channel.secretVersion);
  if (text === undefined) throw new AlertNotTaken("target_missing");
  // Only `storeTarget` writes these secrets.
  return JSON.parse(text) as ChannelTarget;
}
