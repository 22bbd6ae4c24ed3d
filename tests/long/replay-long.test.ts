/** Ten thousand dead deliveries are replayed: `npm run test:long`. */
process.env["REPLAYED_DELIVERIES"] = "10000";
jest.requireActual("../usecases/replay-many.test");
