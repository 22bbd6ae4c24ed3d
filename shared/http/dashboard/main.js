import { SIGNED_OUT } from "./api.js";
import { byId } from "./dom.js";
import { setUpHolding } from "./poll.js";
import { leaveView, startRouter } from "./router.js";
import { forgetToken, token } from "./session.js";
import { alertChannelView, newAlertChannelView } from "./view-alert-channel.js";
import { alertsView } from "./view-alerts.js";
import { auditView } from "./view-audit.js";
import { conflictView } from "./view-conflict.js";
import { conflictsView } from "./view-conflicts.js";
import { connectionView } from "./view-connection.js";
import { connectionsView } from "./view-connections.js";
import { deadLettersView } from "./view-dead-letters.js";
import { deliveriesView } from "./view-deliveries.js";
import { deliveryView } from "./view-delivery.js";
import { newConnectionView } from "./view-new-connection.js";
import { overviewView } from "./view-overview.js";
import { rateLimitsView } from "./view-rate-limits.js";
import { replayView } from "./view-replay.js";
import { replaysView } from "./view-replays.js";
import { showSignIn } from "./view-sign-in.js";
import { syncTaskView } from "./view-sync-task.js";
import { syncTasksView } from "./view-sync-tasks.js";
import { webhookView } from "./view-webhook.js";
import { webhooksView } from "./view-webhooks.js";

/** @type {Parameters<typeof startRouter>[0]} */
const routes = [
  ["/", overviewView],
  ["/webhooks", webhooksView],
  ["/webhooks/:registrationId", webhookView],
  ["/deliveries", deliveriesView],
  ["/deliveries/:deliveryId", deliveryView],
  ["/dead-letters", deadLettersView],
  ["/replays", replaysView],
  ["/replays/:replayId", replayView],
  ["/sync-tasks", syncTasksView],
  ["/sync-tasks/:taskId", syncTaskView],
  ["/conflicts", conflictsView],
  ["/conflicts/:conflictId", conflictView],
  ["/rate-limits", rateLimitsView],
  ["/rate-limits/:integrationId", rateLimitsView],
  ["/connections", connectionsView],
  ["/connections/new", newConnectionView],
  ["/connections/:integrationId/:connectionId", connectionView],
  ["/alerts", alertsView],
  ["/alerts/new-channel", newAlertChannelView],
  ["/alerts/channels/:channelId", alertChannelView],
  ["/audit", auditView],
];

function enter() {
  byId("head").hidden = false;
  startRouter(routes);
}

/** @param {string} [why] */
function leave(why) {
  leaveView();
  forgetToken();
  byId("head").hidden = true;
  showSignIn(enter, why);
}

setUpHolding();
byId("sign-out").addEventListener("click", () => leave());
byId("skip").addEventListener("click", (event) => {
  // The address names the view, so the link cannot be followed.
  event.preventDefault();
  byId("main").focus();
});
window.addEventListener(SIGNED_OUT, () => {
  // A token that was just entered is told where it was entered.
  if (!byId("head").hidden) leave("The token does not count any more. Sign in again.");
});
if (token() === null) showSignIn(enter);
else enter();
