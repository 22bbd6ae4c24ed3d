import type { EventType, ProviderEvent } from "../core/webhook-event";

/** What one event type of Slack says, as docs.slack.dev/reference/events lists them. */
export interface SlackEvent {
  readonly entityType: string;
  readonly eventType: EventType;
  /**
   * Paths in the event whose values make the id, joined with `:`; ` | ` separates second choices. The envelope's
   * `team_id`, `api_app_id` and `event_id` count as fields of the event.
   */
  readonly id: string;
  /** Path of the record in the event; the event itself where empty. */
  readonly record: string;
  readonly completeness: ProviderEvent["completeness"];
  /** The only fields of the record that go into `data`, where the others may hold a credential. */
  readonly only?: readonly string[];
}

type Row = readonly [type: string, event: SlackEvent];
type Whole = Partial<Pick<SlackEvent, "record" | "completeness" | "only">>;

/** Event types that mean the same; most of them say only where something happened. */
function rows(types: string, entityType: string, eventType: EventType, id: string, whole: Whole = {}): readonly Row[] {
  const event: SlackEvent = { entityType, eventType, id, record: "", completeness: "hint", ...whole };
  return types.split(" ").map((type) => [type, event]);
}

const message: Whole = { completeness: "full" };
const channel: Whole = { record: "channel", completeness: "partial" };
const user: Whole = { record: "user", completeness: "full" };
const usergroup: Whole = { record: "subteam", completeness: "full" };

const reactionId = "item.channel:item.ts:reaction:user | item.file:reaction:user";
const pinId = "channel_id:item.message.ts | channel_id:item.file.id | channel_id:item.file_id";
const starId = "item.channel:item.message.ts | item.file.id | item.channel";
const fileId = "file_id | file";
const usergroupId = "subteam | subteam_id";
const threadId = "assistant_thread.channel_id:assistant_thread.thread_ts";

/** By `event.type`, and by `<type>.<subtype>` where the subtype means something else; any other subtype is a new message. */
export const slackEvents: ReadonlyMap<string, SlackEvent> = new Map([
  ...rows("message app_mention", "message", "created", "channel:ts", message),
  ...rows("message.message_changed", "message", "updated", "channel:message.ts", { record: "message", ...message }),
  ...rows("message.message_replied", "message", "updated", "channel:message.ts", {
    record: "message",
    completeness: "partial",
  }),
  ...rows("message.message_deleted", "message", "deleted", "channel:deleted_ts", { only: ["channel", "deleted_ts"] }),
  ...rows("reaction_added", "reaction", "created", reactionId, { completeness: "full" }),
  ...rows("reaction_removed", "reaction", "deleted", reactionId),
  ...rows("pin_added", "pin", "created", pinId),
  ...rows("pin_removed", "pin", "deleted", pinId),
  ...rows("star_added", "star", "created", starId),
  ...rows("star_removed", "star", "deleted", starId),
  ...rows("link_shared", "link", "occurred", "channel:message_ts"),
  ...rows("message_metadata_posted", "message_metadata", "created", "channel_id:message_ts"),
  ...rows("message_metadata_updated", "message_metadata", "updated", "channel_id:message_ts"),
  ...rows("message_metadata_deleted", "message_metadata", "deleted", "channel_id:message_ts"),

  ...rows("channel_created im_created", "channel", "created", "channel", channel),
  ...rows("channel_deleted group_deleted", "channel", "deleted", "channel"),
  ...rows("channel_rename group_rename", "channel", "updated", "channel", channel),
  ...rows("channel_archive channel_unarchive channel_left channel_history_changed", "channel", "updated", "channel"),
  ...rows("channel_shared channel_unshared", "channel", "updated", "channel"),
  ...rows("group_archive group_unarchive group_left group_history_changed", "channel", "updated", "channel"),
  ...rows("group_open group_close", "channel", "updated", "channel"),
  ...rows("im_open im_close im_history_changed mpim_open mpim_close", "channel", "updated", "channel"),
  ...rows("channel_id_changed", "channel", "updated", "new_channel_id"),
  ...rows("member_joined_channel", "channel_member", "created", "channel:user"),
  ...rows("member_left_channel", "channel_member", "deleted", "channel:user"),
  ...rows("shared_channel_invite_received", "shared_channel_invite", "created", "invite"),
  ...rows("shared_channel_invite_accepted", "shared_channel_invite", "updated", "invite"),
  ...rows("shared_channel_invite_approved", "shared_channel_invite", "updated", "invite"),
  ...rows("shared_channel_invite_declined", "shared_channel_invite", "updated", "invite"),

  ...rows("file_created", "file", "created", fileId),
  ...rows("file_deleted", "file", "deleted", fileId),
  ...rows("file_shared file_change file_public file_unshared", "file", "updated", fileId),

  ...rows("team_join", "user", "created", "user", user),
  ...rows("user_change user_profile_changed user_status_changed user_huddle_changed", "user", "updated", "user", user),
  ...rows("dnd_updated dnd_updated_user", "user", "updated", "user"),
  ...rows("subteam_created", "usergroup", "created", usergroupId, usergroup),
  ...rows("subteam_updated", "usergroup", "updated", usergroupId, usergroup),
  ...rows("subteam_members_changed", "usergroup", "updated", usergroupId),
  ...rows("subteam_self_added subteam_self_removed", "usergroup", "updated", usergroupId),

  ...rows("emoji_changed.add", "emoji", "created", "name"),
  ...rows("emoji_changed.remove", "emoji", "deleted", "names.0"),
  ...rows("emoji_changed.rename", "emoji", "updated", "new_name"),
  ...rows("emoji_changed", "emoji", "updated", "name | event_id"),
  ...rows("team_rename team_domain_change email_domain_changed", "team", "updated", "team_id"),
  ...rows("grid_migration_started grid_migration_finished", "team", "updated", "team_id"),
  ...rows("team_access_granted", "team_access", "created", "team_ids.0"),
  ...rows("team_access_revoked", "team_access", "deleted", "team_ids.0"),

  ...rows("app_home_opened", "app_home", "occurred", "user"),
  ...rows("app_uninstalled", "app", "deleted", "api_app_id"),
  // The "tokens" are ids of users and bots; Slack does not send the tokens themselves.
  ...rows("tokens_revoked", "token", "deleted", "tokens.oauth.0 | tokens.bot.0"),
  ...rows("app_requested", "app_request", "created", "app_request"),
  ...rows("invite_requested", "invite_request", "created", "invite_request"),
  // `bot_access_token` is a credential, and so may `inputs` be.
  ...rows("function_executed", "function", "occurred", "function_execution_id", {
    only: ["function", "function_execution_id", "workflow_execution_id"],
  }),
  ...rows("workflow_published workflow_unpublished", "workflow", "updated", "workflow_id"),
  ...rows("workflow_deleted", "workflow", "deleted", "workflow_id"),
  ...rows("assistant_thread_started", "assistant_thread", "created", threadId),
  ...rows("assistant_thread_context_changed", "assistant_thread", "updated", threadId),
  ...rows("call_rejected", "call", "updated", "call_id"),
]);

const endings: readonly (readonly [ending: RegExp, eventType: EventType])[] = [
  [/_(?:created|added|joined|granted|posted|requested)$/, "created"],
  [/_(?:deleted|removed|left|revoked)$/, "deleted"],
  [/_restored$/, "restored"],
  [/_(?:changed?|updated?|renamed?|edited|(?:un)?archived?|accepted|approved|declined)$/, "updated"],
];

/** For events that Slack adds later: the end of the name tells what happened, the likeliest field to what. */
export function unlistedEvent(type: string): SlackEvent {
  return {
    entityType: type,
    eventType: endings.find(([ending]) => ending.test(type))?.[1] ?? "occurred",
    id: "id | channel:ts | channel_id:ts | channel_id | channel | file_id | user_id | user | event_id",
    record: "",
    completeness: "hint",
  };
}
