import { startGateway } from "../support/gateway";
import { describeEndToEnd } from "./end-to-end";

describe("the gateway end to end, on the embedded store", () => {
  describeEndToEnd((settings) => startGateway(settings));
});
