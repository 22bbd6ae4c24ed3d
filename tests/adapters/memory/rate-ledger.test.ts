import { MemoryRateLedger } from "../../../shared/adapters/memory/rate-ledger";
import { describeRateLimiter } from "../../contracts/rate-limiter";

describe("the limiter in memory", () => {
  describeRateLimiter(async () => new MemoryRateLedger());
});
