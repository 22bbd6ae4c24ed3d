import { textAt } from "../core/json";
import type { QueueMessage } from "../core/ports";
import type { Registration } from "../core/registration";
import type { Services } from "./services";

/** What is to be queued of a webhook that is resumed. */
export interface ResumeWork {
  readonly registrationId: string;
  readonly tenantId: string;
  /** Tells the messages of one resumption apart from those of another. */
  readonly resumeId: string;
  /** Pages done so far. */
  readonly round: number;
  /** It looks after the webhook was resumed for what an instance held that did not know yet. */
  readonly isSweep?: true;
  /** ISO 8601. */
  readonly requestedAt: string;
}

/** A message of the event queue that asks for it: a CloudEvents 1.0 JSON object. */
export interface ResumeMessage {
  readonly specversion: "1.0";
  readonly id: string;
  /** `/held-events/{registrationId}` */
  readonly source: string;
  readonly type: "castiel.resume.requested";
  /** Attempts that failed and count; absent before the first. */
  readonly failedattempts?: number;
  /** Copies made so far, which space out the next one. */
  readonly copies?: number;
  readonly data: ResumeWork;
}

const SOURCE = "/held-events/";

/** The first message of a resumption, with an id of its own. */
export function toResumeMessage(
  services: Services,
  { id: registrationId, tenantId }: Pick<Registration, "id" | "tenantId">,
): QueueMessage & { readonly body: ResumeMessage } {
  const requestedAt = new Date(services.now()).toISOString();
  return messageOfResume({ registrationId, tenantId, resumeId: services.newId(), round: 0, requestedAt });
}

/** The message of a page. Its id is the same whenever it is sent again. */
export function messageOfResume(data: ResumeWork): QueueMessage & { readonly body: ResumeMessage } {
  const id = `${data.resumeId}~${data.round}`;
  return {
    messageId: id,
    body: { specversion: "1.0", id, source: SOURCE + data.registrationId, type: "castiel.resume.requested", data },
  };
}

/** Only we write to the queue, so the fields that name the work are enough to tell ours from anything else. */
export function isResumeMessage(value: unknown): value is ResumeMessage {
  const isOurs = textAt(value, "source")?.startsWith(SOURCE) === true;
  return (
    isOurs && ["registrationId", "tenantId", "resumeId"].every((name) => textAt(value, "data", name) !== undefined)
  );
}
