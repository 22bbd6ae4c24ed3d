import { callCommandLine, startAnswering } from "../../support/answering-gateway";

/** What a terminal obeys: it clears the screen, names the window, and goes back to overwrite. */
const evil = "\u001b[2J\u009b2J\u001b]0;x\u0007\r\u007f";

/** A gateway that answers with such text wherever a stranger's could be, names of fields included. */
const answer = {
  registrationId: evil,
  webhookSecret: evil,
  status: evil,
  reason: evil,
  setup: [evil],
  explanation: evil,
  recommendations: [evil],
  [`counts${evil}`]: { [evil]: evil },
  failureReasons: [{ reason: evil, detail: evil }],
  events: [evil],
  replays: [{ requestedBy: evil }],
  code: evil,
  title: evil,
  problems: [{ path: evil, message: evil }],
};
const page = { ...answer, webhooks: [answer], deliveries: [answer], sample: [answer] };

describe.each([
  [["register", "github"]],
  [["list"]],
  [["health", "webhook-1"]],
  [["deliveries"]],
  [["deliveries", "delivery-1"]],
  [["replay", "--since", "2h"]],
  [["replay", "replay-1", "--run"]],
])("castiel-webhooks %j", (words) => {
  it.each([200, 400])("prints nothing that a terminal obeys of an answer with %i", async (status) => {
    const gateway = await startAnswering([status, page]);
    const { out, error } = await callCommandLine([...words, "--url", gateway.url]);
    gateway.close();
    expect(out + error).toContain("?[2J");
    expect(out + error).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$/);
  });
});
