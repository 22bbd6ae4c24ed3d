import type { Replay } from "../core/replay";
import { type DeliveryView, toDeliveryView } from "./delivery-view";

/** A replay of many deliveries as its tenant reads it. */
export interface ReplayView extends Omit<
  Replay,
  "id" | "pk" | "tenantId" | "schemaVersion" | "ttl" | "pages" | "cursor" | "pending" | "fields" | "sample"
> {
  readonly replayId: string;
  readonly filter: Replay["fields"];
  readonly sample: readonly DeliveryView[];
}

/** What the API shows of a replay. */
export function toReplayView(replay: Replay): ReplayView {
  const {
    id,
    pk: _,
    tenantId: __,
    schemaVersion: ___,
    ttl: ____,
    pages: _____,
    cursor: ______,
    pending: _______,
    fields,
    sample,
    status,
    ...rest
  } = replay;
  return { replayId: id, status, filter: fields, ...rest, sample: sample.map(toDeliveryView) };
}
