import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { readArguments, UsageError } from "./arguments";
import { commands, findCommand } from "./commands";
import { Gateway, GatewayError } from "./gateway";

/**
 * `npx castiel-webhooks`: the management API on the command line. Ends with 1 if the gateway said no, with 2 if it was asked
 * for something that it cannot do.
 */
async function main(words: readonly string[]): Promise<number> {
  // The sender has flags of its own, so nothing of them is read here.
  if (words[0] === "send") return send(words.slice(1));
  const ended = new AbortController();
  process.once("SIGINT", () => ended.abort());
  try {
    const given = readArguments(words, process.env);
    const command = findCommand(given);
    if (command === undefined) return help(given.command);
    const gateway = new Gateway(given);
    const print = (text: string): void => console.log(text);
    const warn = (text: string): void => console.error(text);
    await command.run({ ...given, gateway, print, warn, now: Date.now, signal: ended.signal });
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof GatewayError)) throw error;
    console.error(error.message);
    return error instanceof UsageError ? 2 : 1;
  }
}

function send(words: readonly string[]): number {
  const sender = join(__dirname, "..", "..", "local", "send.js");
  return spawnSync(process.execPath, [sender, ...words], { stdio: "inherit" }).status ?? 1;
}

function help(asked: string): number {
  const lines = commands.map(({ usage, summary }) => `  ${usage}\n      ${summary}`);
  const text = [
    "castiel-webhooks <command> [--url URL] [--token TOKEN] [--json]",
    "",
    ...lines,
    "  send …\n      Sign sample events and deliver them; the flags are those of npm run send.",
    "",
    "The gateway is --url or CASTIEL_URL, http://localhost:3000 by default; the token is --token or API_TOKEN.",
  ].join("\n");
  if (asked === "help") console.log(text);
  else console.error(`there is no command ${asked}\n\n${text}`);
  return asked === "help" ? 0 : 2;
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
