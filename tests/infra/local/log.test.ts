import { createLog } from "../../../infra/local/log";

function lines(logFormat: "auto" | "text" | "json", isTTY: boolean) {
  const written: string[] = [];
  const log = createLog({ logFormat, logLevel: "info" }, { isTTY, write: (line) => written.push(line) });
  return { written, log };
}

describe("createLog", () => {
  it("writes JSON lines where nobody watches", () => {
    const { written, log } = lines("auto", false);
    log("warn", "queue.lock_lost", { messageId: "1" });
    expect(JSON.parse(written[0] ?? "")).toMatchObject({ level: "warn", event: "queue.lock_lost", messageId: "1" });
    expect(written[0]).toMatch(/\}\n$/);
  });

  it.each([
    ["auto", true, /^\d\d:\d\d:\d\d info {2}host\.listening/],
    ["text", false, /^\d\d:\d\d:\d\d info/],
    ["json", true, /^\{"time"/],
  ] as const)("writes in the format %s, terminal %s", (format, isTTY, shape) => {
    const { written, log } = lines(format, isTTY);
    log("info", "host.listening", { url: "http://localhost:3000", absent: undefined });
    expect(written[0]).toMatch(shape);
    expect(written[0]).not.toContain("absent");
  });

  it("leaves out what is less serious than asked for", () => {
    const { written, log } = lines("json", false);
    log("debug", "request.refused");
    expect(written).toEqual([]);
  });

  it("lets nothing steer the terminal or fake a line", () => {
    const { written, log } = lines("text", true);
    log("info", "x", { name: "a\n00:00:00 error \u001b[2J", error: "Error: \u001b[2J\n    at f" });
    expect(written[0]).not.toContain("\u001b");
    expect(written[0]).not.toContain("\n00:00:00");
  });

  it("writes a line even if a field cannot be said in JSON", () => {
    const { written, log } = lines("json", false);
    log("info", "x", { size: 1n });
    expect(JSON.parse(written[0] ?? "")).toMatchObject({ event: "x" });
  });
});
