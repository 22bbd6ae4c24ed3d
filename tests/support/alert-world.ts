import { openTestStore } from "../adapters/sqlite/open-test-store";
import { AlertChannels } from "../../shared/repositories/alert-channels";
import { Alerts } from "../../shared/repositories/alerts";
import {
  putAlertChannel,
  type PutChannelRequest,
  type PutChannelResult,
} from "../../shared/usecases/put-alert-channel";
import { recomputeHealth } from "../../shared/usecases/recompute-health";
import { sendAlerts } from "../../shared/usecases/send-alerts";
import type { NewRegistration } from "../../shared/usecases/register-webhook";
import { type AlertReceivers, startAlertReceivers } from "./alert-receivers";
import type { Services } from "../../shared/usecases/services";
import { Killed, MortalStore } from "./mortal-store";
import { contactBody, openTestApp, type TestApp } from "./test-app";

const RUN_MS = 5 * 60_000;

/** An app whose timers are run by hand, and the channels that it may tell. */
export interface AlertWorld {
  readonly app: TestApp;
  /** The app's, with alerts and channels in `store`. */
  readonly services: Services;
  readonly store: MortalStore;
  readonly receivers: AlertReceivers;
  /** Creates or replaces a channel of `tenant-123`: to Slack, unless another target is named. */
  channel(request?: PutChannelRequest, channelId?: string): Promise<PutChannelResult>;
  /** Runs both timers this often, five minutes apart; anew where the process was killed. */
  runs(times: number): Promise<void>;
  /** Deliveries with a signature that is not good. */
  refuse(webhook: NewRegistration, times: number): Promise<void>;
  deliver(webhook: NewRegistration, times?: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts it. */
export async function openAlertWorld(env: Readonly<Record<string, string>> = {}): Promise<AlertWorld> {
  const receivers = await startAlertReceivers();
  const app = await openTestApp({
    OUTBOUND_ALLOW_LOOPBACK: "true",
    PAGERDUTY_EVENTS_URL: receivers.pagerDutyUrl,
    // What happens may be over after one run.
    HEALTH_WINDOW_MINUTES: "5",
    RATE_LIMIT_UNVERIFIED: "1000",
    ...env,
  });
  const documents = openTestStore();
  const store = new MortalStore(documents.documents);
  const services = { ...app.services, alerts: new Alerts(store), alertChannels: new AlertChannels(store) };
  const untilDone = async (run: () => Promise<unknown>): Promise<void> => {
    await run().catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    // Where one tenant's failure is no other's, nothing is thrown.
    if (!store.isDead) return;
    store.revive();
    await run();
  };
  const target = { kind: "slack", url: receivers.slackUrl } as const;
  return {
    app,
    services,
    store,
    receivers,
    channel: (request = {}, channelId = "team") =>
      putAlertChannel(
        services,
        { tenantId: "tenant-123", channelId, isOperator: request.service === true },
        { target, ...request },
      ),
    runs: async (times) => {
      for (let run = 0; run < times; run++) {
        app.advance(RUN_MS);
        await untilDone(() => recomputeHealth(services));
        await untilDone(() => sendAlerts(services));
      }
    },
    refuse: async ({ registrationId }, times) => {
      const headers = { "x-salesforce-event-signature": `sha256=${"0".repeat(64)}` };
      for (let n = 0; n < times; n++) await app.deliver(registrationId, "{}", headers).catch(() => undefined);
    },
    deliver: async (webhook, times = 1) => {
      for (let n = 0; n < times; n++) await app.deliverSigned(webhook, contactBody());
      await app.drain();
    },
    close: async () => {
      await app.close();
      await documents.close();
      await receivers.server.stop();
    },
  };
}
