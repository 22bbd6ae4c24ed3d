/** The kill test, many more times over: `npm run test:long`. */
process.env["KILL_ROUNDS"] = "60";
jest.setTimeout(900_000);
jest.requireActual("../e2e/kill.test");
