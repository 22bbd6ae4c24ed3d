import { ApiError } from "./api.js";
import { byId } from "./dom.js";
import { problemText } from "./problem.js";

/** How the page keeps up with the gateway: by asking again, never while nobody looks or while the reader holds it. */

const MAX_PAUSE_MS = 60_000;
let isHeld = false;
/** @type {Set<() => void>} */
const wakers = new Set();

/**
 * Runs a task now and again, until the signal. A task that fails is tried again, ever more seldom.
 * @param {AbortSignal} signal
 * @param {number} seconds
 * @param {() => Promise<unknown>} task
 */
export function poll(signal, seconds, task) {
  void run(signal, seconds * 1000, task);
}

/** Lets the button in the page's head hold and resume the updates. */
export function setUpHolding() {
  const button = byId("hold");
  button.addEventListener("click", () => {
    isHeld = !isHeld;
    button.setAttribute("aria-pressed", String(isHeld));
    show(isHeld ? "held" : "live");
    wakeAll();
  });
  document.addEventListener("visibilitychange", wakeAll);
}

/**
 * @param {AbortSignal} signal
 * @param {number} interval milliseconds
 * @param {() => Promise<unknown>} task
 */
async function run(signal, interval, task) {
  let pause = interval;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    if (isFirst || (!isHeld && !document.hidden))
      pause = (await attempt(signal, task)) ? interval : Math.min(pause * 2, MAX_PAUSE_MS);
    await sleep(pause, signal);
  }
}

/**
 * @param {AbortSignal} signal
 * @param {() => Promise<unknown>} task
 * @returns {Promise<boolean>}
 */
async function attempt(signal, task) {
  try {
    await task();
    if (!signal.aborted && !isHeld) show("live");
    return true;
  } catch (error) {
    if (signal.aborted) return true;
    show("stale", error instanceof ApiError ? problemText(error) : String(error));
    if (!(error instanceof ApiError)) throw error;
    return false;
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function sleep(ms, signal) {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      wakers.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    wakers.add(wake);
    signal.addEventListener("abort", wake);
  });
}

function wakeAll() {
  for (const wake of wakers) wake();
}

/**
 * @param {"live" | "held" | "stale"} state
 * @param {string} [why]
 */
function show(state, why = "") {
  const element = byId("liveness");
  const text = { live: "Live", held: "Held", stale: `Not up to date: ${why}` }[state];
  if (element.textContent !== text) element.textContent = text;
  element.dataset["state"] = state;
}
