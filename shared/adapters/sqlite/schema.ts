/**
 * The schema of the embedded store, as the steps that lead to it: step n takes a file from version n to n + 1.
 * A step that was released is never changed; new ones are added at the end.
 */
export const migrations: readonly string[] = [
  `
  create table documents (
    collection text not null,
    pk text not null,
    id text not null,
    body text not null,
    etag integer not null,
    expires_at integer,
    unique (collection, pk, id)
  );
  create index documents_expiring on documents (expires_at) where expires_at is not null;

  -- state: 0 waiting, 1 done (kept for the duplicate window), 2 dead. A lock is a token and a visible_at in the future.
  -- No unique index on the random message ids: it would double what every commit writes (docs/decisions/0002).
  create table messages (
    seq integer primary key,
    message_id text not null,
    body text,
    state integer not null default 0,
    visible_at integer not null,
    enqueued_at integer not null,
    delivery_count integer not null default 0,
    lock_token text,
    reason text,
    settled_at integer
  );
  create index messages_waiting on messages (visible_at, seq) where state = 0;
  create index messages_settled on messages (settled_at) where state = 1;
  create index messages_dead on messages (settled_at) where state = 2;

  create table secrets (
    name text not null,
    version text not null,
    sealed blob not null,
    unique (name, version)
  );
  create table payloads (key text primary key, bytes blob not null, expires_at integer not null);
  create index payloads_expiring on payloads (expires_at);
  create table facts (name text primary key, value text not null);
  `,
];
