import { change, get } from "./api.js";
import { confirm } from "./dialog.js";
import { h, update } from "./dom.js";
import { count, counted } from "./format.js";
import { timeOf, webhookLink } from "./parts.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { facts, panel, skeleton } from "./table.js";

/** @import { ListedWebhook, WebhookPage } from "../../usecases/list-webhooks" */
/** @import { IntegrationPause } from "../../usecases/pause-webhook" */

/** Each question reads the counters of every webhook that it finds. */
const SECONDS = 30;
const PAGE = 200;
/** Of more webhooks than this many pages hold, the first are told of. */
const PAGES = 2;

/**
 * @typedef {object} Webhooks of an integration, shared ones aside: those have nothing of their own to hold
 * @property {readonly ListedWebhook[]} all
 * @property {boolean} isWhole
 */

/**
 * How many webhooks of an integration are paused and what is held of them, and pausing or resuming all of them.
 * @param {string} integrationId
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} changed
 * @returns {HTMLElement}
 */
export function integrationPanel(integrationId, signal, changed) {
  const content = h("div", {}, skeleton(4));
  const show = async () => {
    const webhooks = await readAll(integrationId, signal);
    update(content, webhooks, () => partsOf(integrationId, webhooks, reload));
  };
  const reload = async () => {
    await Promise.all([show(), changed()]);
  };
  poll(signal, SECONDS, async () => {
    try {
      await show();
    } catch (error) {
      if (!signal.aborted) update(content, String(error), () => [problemBox(error)]);
      throw error;
    }
  });
  return panel(`All of ${integrationId}`, content);
}

/**
 * @param {string} integrationId
 * @param {AbortSignal} signal
 * @returns {Promise<Webhooks>}
 */
async function readAll(integrationId, signal) {
  /** @type {ListedWebhook[]} */
  const all = [];
  /** @type {string | undefined} */
  let cursor;
  for (let page = 0; page < PAGES; page++) {
    const query = { integrationId, health: "healthy,degraded,failed", limit: PAGE, cursor };
    /** @type {WebhookPage} */
    const { webhooks, nextCursor } = await get("/webhooks", { query, signal });
    all.push(...webhooks.filter(({ routing }) => routing === undefined));
    cursor = nextCursor;
    if (cursor === undefined) return { all, isWhole: true };
  }
  return { all, isWhole: false };
}

/**
 * @param {string} integrationId
 * @param {Webhooks} webhooks
 * @param {() => Promise<void>} reload
 */
function partsOf(integrationId, { all, isWhole }, reload) {
  const paused = all.filter(({ pause }) => pause?.state === "paused");
  const resuming = all.filter(({ pause }) => pause?.state === "resuming");
  const held = all.reduce((sum, { health }) => sum + (health?.heldCount ?? 0), 0);
  const counts = { webhooks: all.length, paused: paused.length, held };
  return [
    !isWhole &&
      h("p", { class: "notice" }, `There are more webhooks than the ${count(all.length)} that are told of here.`),
    facts([
      ["Webhooks", count(all.length)],
      ["Paused", count(paused.length)],
      ["Being resumed", resuming.length > 0 ? count(resuming.length) : undefined],
      ["Held", held > 0 || paused.length > 0 ? counted(held, "event") : undefined],
      ["Fullest", fullestOf(paused)],
      ["Deliveries taken until", soonestOf(paused)],
    ]),
    h(
      "div",
      { class: "buttons" },
      stepButton("resume", { integrationId, counts, reload, isDisabled: paused.length === 0 && isWhole }),
      stepButton("pause", { integrationId, counts, reload, isDisabled: paused.length === all.length && isWhole }),
    ),
  ];
}

/** @param {readonly ListedWebhook[]} paused */
function fullestOf(paused) {
  const [fullest] = [...paused].sort((one, other) => (other.health?.heldCount ?? 0) - (one.health?.heldCount ?? 0));
  const { heldCount, heldAtMost } = fullest?.health ?? {};
  if (fullest === undefined || heldCount === undefined || heldAtMost === undefined) return undefined;
  return [webhookLink(fullest.registrationId), ` ${count(heldCount)} of at most ${count(heldAtMost.events)}`];
}

/** @param {readonly ListedWebhook[]} paused */
function soonestOf(paused) {
  const [soonest] = paused.flatMap(({ health }) => health?.heldAtMost?.until ?? []).sort();
  return soonest === undefined ? undefined : timeOf(soonest);
}

/**
 * @typedef {object} StepOptions
 * @property {string} integrationId
 * @property {{ readonly webhooks: number, readonly paused: number, readonly held: number }} counts
 * @property {() => Promise<void>} reload
 * @property {boolean} isDisabled there is nothing to do
 */

const steps = /** @type {const} */ ({
  pause: {
    name: "Pause all",
    text: "Deliveries of all webhooks that there are of it now are accepted and held, within bounds, until they are resumed.",
    more: "At a bound they are answered 503, for the provider to repeat. Nothing that is held is discarded.",
    done: "paused",
  },
  resume: {
    name: "Resume all",
    text: "What is held is queued in the order in which it came; what comes meanwhile waits behind it.",
    more: "Webhooks that were paused one by one are resumed as well.",
    done: "being resumed",
  },
});

/**
 * @param {"pause" | "resume"} step
 * @param {StepOptions} options
 */
function stepButton(step, { integrationId, counts, reload, isDisabled }) {
  const { name, text, more, done } = steps[step];
  const ask = () =>
    confirm({
      title: `${name} of ${integrationId}?`,
      body: [
        h("p", {}, text),
        h("p", {}, toldOf(counts)),
        h("p", { class: "quiet" }, `${more} Shared webhooks are left alone.`),
      ],
      action: name,
      perform: async () => {
        /** @type {IntegrationPause} */
        const { webhooks } = await change("POST", `/integrations/${encodeURIComponent(integrationId)}/${step}`);
        await reload();
        return `${counted(webhooks, "webhook")} ${webhooks === 1 ? "is" : "are"} ${done}.`;
      },
    });
  return h("button", { type: "button", id: `${step}-all`, disabled: isDisabled, onclick: ask }, name);
}

/** @param {StepOptions["counts"]} counts */
function toldOf({ webhooks, paused, held }) {
  return `Paused now: ${count(paused)} of ${counted(webhooks, "webhook")}. Held: ${counted(held, "event")}.`;
}
