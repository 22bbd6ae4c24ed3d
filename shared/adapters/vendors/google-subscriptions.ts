import { textAt } from "../../core/json";
import { rejected, unknownAnswer, unsupported } from "./failures";
import { serviceUrl } from "./google-service";
import type { VendorDeliveries } from "./vendor-deliveries";
import type { OpenedConnection } from "./vendor-sessions";

/**
 * Push subscriptions of Pub/Sub, docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions. Rewinding
 * (`:seek`) sends again whatever the subscription still holds: what was not acknowledged, and what was where it keeps
 * that too (`retainAckedMessages`, or a topic with retention). A source is the name of a subscription.
 */
export const googleSubscriptions: VendorDeliveries = {
  way: "rewind",

  /** Only the one that pushes to this URL: a delivery names its subscription, but anybody's project may have named it. */
  async find(opened, { webhookUrl, scope }) {
    if (!subscription.test(scope)) return undefined;
    const reply = await opened.session.call({ url: urlOf(opened, scope) });
    if (reply.status === 404) return undefined;
    if (reply.status !== 200) throw unknownAnswer(opened.api, reply);
    return textAt(reply.json, "pushConfig", "pushEndpoint") === webhookUrl ? scope : undefined;
  },

  async rewind(opened, { source, to }) {
    if (!subscription.test(source)) throw unsupported();
    const url = `${urlOf(opened, source)}:seek`;
    const reply = await opened.session.call({ method: "POST", url, json: { time: to } });
    if (reply.status === 400 || reply.status === 404) throw rejected(opened.api, reply);
    if (reply.status !== 200) throw unknownAnswer(opened.api, reply);
  },
};

const subscription = /^projects\/[a-z0-9][a-z0-9:.-]*\/subscriptions\/[A-Za-z][\w.~+-]*$/;

function urlOf({ session }: OpenedConnection, name: string): string {
  return `${serviceUrl(session, "pubsub")}/v1/${name}`;
}
