import type { DatabaseSync } from "node:sqlite";
import { SWEEP_ROWS } from "./sweep";

/** The reason in a row that is no message: what was sent under its id before is no duplicate any more. */
export const FORGOTTEN = "Forgotten";

const held = "seq = ? and lock_token = ? and state = 0 and visible_at > ?";

/** The statements of the queue. A message is locked while it has a token and its `visible_at` lies in the future. */
export function prepareQueueStatements(database: DatabaseSync) {
  return {
    insert: database.prepare("insert into messages (message_id, body, visible_at, enqueued_at) values (?, ?, ?, ?)"),
    visible: database.prepare(
      "select seq, message_id, body, delivery_count, enqueued_at from messages " +
        "where state = 0 and visible_at <= ? order by visible_at, seq limit ?",
    ),
    lock: database.prepare(
      "update messages set lock_token = ?, visible_at = ?, delivery_count = delivery_count + 1 where seq = ?",
    ),
    locked: database.prepare(`select seq, delivery_count from messages where ${held}`),
    complete: database.prepare(
      `update messages set state = 1, body = null, lock_token = null, settled_at = ? where ${held}`,
    ),
    unlock: database.prepare("update messages set lock_token = null, visible_at = ? where seq = ?"),
    renew: database.prepare(`update messages set visible_at = ? where ${held}`),
    bury: database.prepare(
      "update messages set state = 2, lock_token = null, reason = ?, settled_at = ? where seq = ? returning message_id",
    ),
    dead: database.prepare(
      "select message_id, body, reason, delivery_count, settled_at from messages " +
        "where state = 2 order by settled_at desc, seq desc limit ?",
    ),
    depth: database.prepare(
      "select (select count(*) from messages where state = 0) as waiting, " +
        "(select count(*) from messages where state = 0 and visible_at > ? and lock_token is null) as scheduled, " +
        "(select count(*) from messages where state = 2) as dead, " +
        "(select min(visible_at) from messages where state = 0 and visible_at <= ?) as oldest",
    ),
    nextDue: database.prepare("select min(visible_at) as due from messages where state = 0 and visible_at > ?"),
    unlockAll: database.prepare(
      "update messages set lock_token = null, visible_at = ? where state = 0 and lock_token is not null",
    ),
    // One row more, because there is no index by which to find the old ones (docs/decisions/0002).
    forget: database.prepare(
      "insert into messages (message_id, state, reason, visible_at, enqueued_at, settled_at) " +
        `values (:id, 1, '${FORGOTTEN}', :now, :now, :now)`,
    ),
    recent: database.prepare(
      "select message_id, enqueued_at, reason from messages where state in (0, 1) and enqueued_at > ? order by seq desc limit ?",
    ),
    sweep: database.prepare(
      `delete from messages where seq in (select seq from messages where state = 1 and settled_at <= ? limit ${SWEEP_ROWS})`,
    ),
  };
}

/** See {@link prepareQueueStatements}. */
export type QueueStatements = ReturnType<typeof prepareQueueStatements>;
