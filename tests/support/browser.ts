import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

/** Where a Chromium is, if this machine has one. */
export const browserPath = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium"].find(
  (path) => path !== undefined && existsSync(path),
);

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts the browser; close it when done. */
export function openBrowser(): Promise<Browser> {
  if (browserPath === undefined) throw new Error("there is no browser");
  return chromium.launch({ executablePath: browserPath, args: flags });
}

/** A page, and everything that went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Exceptions, blocked content, requests to any other place than the gateway. */
  readonly troubles: readonly string[];
  /** Paths that were asked for, in order. */
  readonly asked: string[];
}

/** Opens a page of a gateway in a profile of its own. A page that answers 4xx is no trouble: the dashboard tells it. */
export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const troubles: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) troubles.push(message.text());
  });
  page.on("request", (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === url) asked.push(pathname);
    else troubles.push(`asked ${origin}`);
  });
  return { page, troubles, asked };
}

const audit = readFileSync(join(__dirname, "audit-page.js"), "utf8");

/** What a reader with a keyboard, a screen reader or weak eyes would stumble over, in sentences. */
export async function auditPage(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(audit);
}
