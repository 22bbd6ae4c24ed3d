import { unsupported } from "./failures";
import { putChannel, stopChannel } from "./google-channels";
import { putPushSubscription, removePushSubscription } from "./google-push-subscriptions";
import {
  putGmailWatch,
  putWorkspaceSubscription,
  removeGmailWatch,
  removeWorkspaceSubscription,
} from "./google-watches";
import type { VendorHooks } from "./vendor-hooks";

/** What delivers for Google: each kind of hook is an API of its own. */
export const googleHooks: VendorHooks = {
  async put(context, order) {
    switch (order.kind) {
      case "push_subscription":
        return putPushSubscription(context, order);
      case "gmail_watch":
        return putGmailWatch(context, order);
      case "workspace_subscription":
        return putWorkspaceSubscription(context, order);
      case "channel":
        return putChannel(context, order);
      case "webhook":
      case "app_manifest":
        throw unsupported();
    }
  },

  async remove(context, place, hook) {
    switch (hook.kind) {
      case "push_subscription":
        return removePushSubscription(context, place, hook);
      case "gmail_watch":
        return removeGmailWatch(context, hook);
      case "workspace_subscription":
        return removeWorkspaceSubscription(context, place, hook);
      case "channel":
        return stopChannel(context, place, hook);
      case "webhook":
      case "app_manifest":
        throw unsupported();
    }
  },
};
