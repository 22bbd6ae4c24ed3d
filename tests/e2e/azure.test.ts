import { AzureStandIns } from "../support/azure-stand-ins";
import { startAzureGateway } from "../support/gateway";
import { describeEndToEnd } from "./end-to-end";

describe("the gateway end to end, in Azure mode", () => {
  let azure: AzureStandIns;
  beforeAll(async () => {
    azure = await AzureStandIns.start();
  }, 60_000);
  afterAll(() => azure.stop());

  describeEndToEnd((settings) =>
    startAzureGateway({ ...azure.settings, PUBLIC_BASE_URL: "https://hooks.example.com", ...settings }),
  );
});
