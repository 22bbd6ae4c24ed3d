import { createApp } from "../../shared/app";
import { Gatherer } from "../../shared/usecases/gatherer";
import { RegistrationCache } from "../../shared/usecases/registration-cache";
import { AzureStandIns } from "../support/azure-stand-ins";
import { openTestApp } from "../support/test-app";
import { describeRotationUnderLoad } from "./rotation-under-load";

describe("a change of the secret under load, on the embedded store", () => {
  describeRotationUnderLoad(async () => {
    const app = await openTestApp();
    const { services } = app;
    const { rules, log } = services;
    const other = {
      ...services,
      cache: new RegistrationCache({ ...services, maxEntries: 100 }),
      gatherer: new Gatherer({ ...services, windowMs: rules.healthWindowMs, log }),
    };
    const close = async (): Promise<void> => {
      await other.gatherer.flush();
      await app.close();
    };
    return { one: services, other, advance: app.advance, close };
  });
});

describe("a change of the secret under load, on the back ends of Azure", () => {
  let azure: AzureStandIns;
  beforeAll(async () => {
    azure = await AzureStandIns.start();
  }, 60_000);
  afterAll(() => azure.stop());

  describeRotationUnderLoad(async () => {
    let clock = Date.now();
    const open = () =>
      createApp({
        // On a busy machine a batch may take long, and here only the secrets are in question.
        env: { ...azure.settings, PUBLIC_BASE_URL: "https://hooks.example.com", QUEUE_TIMEOUT_MS: "30000" },
        log: () => undefined,
        now: () => clock,
      });
    const [one, other] = [await open(), await open()];
    const close = async (): Promise<void> => {
      await one.close();
      await other.close();
    };
    return { one: one.services, other: other.services, advance: (ms) => void (clock += ms), close };
  });
});
