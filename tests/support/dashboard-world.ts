import type { Browser, Page } from "playwright-core";
import { auditPage, openBrowser, openPage, type WatchedPage } from "./browser";
import { eventually, type Gateway, startGateway } from "./gateway";
import { seedSignature } from "./test-app";

/** A webhook, as registering answers it. */
export interface NewWebhook {
  readonly registrationId: string;
  readonly webhookSecret: string;
}

/** A gateway, a browser, and the page that a test is at; and the API, to see from the other side what the page did. */
export class DashboardWorld {
  #gateway: Gateway | undefined;
  #browser: Browser | undefined;
  #watched: WatchedPage | undefined;

  get url(): string {
    return given(this.#gateway).url;
  }

  get watched(): WatchedPage {
    return given(this.#watched);
  }

  get page(): Page {
    return this.watched.page;
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#gateway = await startGateway({ CASTIEL_MODE: "embedded", ...env });
    this.#browser = await openBrowser();
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#gateway?.stop();
  }

  /** Opens the dashboard in a profile of its own. */
  async open(): Promise<void> {
    this.#watched = await openPage(given(this.#browser), this.url);
    await this.page.goto(`${this.url}/dashboard`);
  }

  /** What the policy blocks, any exception and any call elsewhere is an error of the page. */
  async close(): Promise<void> {
    await this.page.context().close();
    expect(this.watched.troubles).toEqual([]);
  }

  async signIn(token = "test-token"): Promise<void> {
    await this.page.getByLabel("API token or JWT").fill(token);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** Signs in, and waits for the overview. */
  async enter(): Promise<void> {
    await this.signIn();
    await this.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  }

  /** Goes to an address of the page, and waits until it is filled. */
  async visit(hash: string, heading: string): Promise<void> {
    await this.page.goto(`${this.url}/dashboard${hash}`);
    await this.page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
    await this.page.locator(".skeleton").first().waitFor({ state: "detached" });
  }

  /** The page where it is can be read by everybody, and by whoever has a narrow screen without scrolling sideways. */
  async expectReadable(): Promise<void> {
    const { hash } = new URL(this.page.url());
    expect([hash, await auditPage(this.page)]).toEqual([hash, []]);
    await this.page.setViewportSize({ width: 400, height: 800 });
    const isTooWide = await this.page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth");
    expect([hash, isTooWide]).toEqual([hash, false]);
    await this.page.setViewportSize({ width: 1280, height: 800 });
  }

  async ask<T>(method: string, path: string, body?: object, headers = {}): Promise<T> {
    const reply = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: "Bearer test-token", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await reply.json()) as T;
  }

  register(fields: object = {}): Promise<NewWebhook> {
    const body = { connectionId: "conn-123", events: ["Contact.*"], ...fields };
    return this.ask("POST", "/integrations/salesforce/webhooks", body);
  }

  /** Delivers a changed Contact; answers what the provider is answered. */
  async deliver(webhook: NewWebhook, id: string, fields: object = {}): Promise<{ readonly success?: boolean }> {
    const body = { action: "updated", sobject: { name: "Contact", fields: { Id: id, ...fields } } };
    const signature = seedSignature(webhook, JSON.stringify(body));
    return this.ask("POST", `/webhooks/${webhook.registrationId}`, body, { "x-salesforce-event-signature": signature });
  }

  /** Waits until that many lines of the log are as the search says; answers their ids. */
  async logged(search: string, count: number): Promise<readonly string[]> {
    const lines = () => this.ask<{ deliveries: readonly { deliveryId: string }[] }>("GET", `/deliveries?${search}`);
    const { deliveries } = await eventually(lines, (page) => page.deliveries.length === count);
    return deliveries.map(({ deliveryId }) => deliveryId);
  }

  /** Presses the button that a dialog asks for. */
  async agree(action: string): Promise<void> {
    await this.page.getByRole("dialog").getByRole("button", { name: action }).click();
  }
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the world was not started");
  return value;
}
