import { h, svg } from "./dom.js";
import { words } from "./format.js";

/** A status is told by a shape and a word; its colour only repeats them. */

/** @typedef {"good" | "warn" | "bad" | "calm"} Tone */

/** @type {Readonly<Record<string, Tone>>} */
const tones = {
  healthy: "good",
  synchronised: "good",
  completed: "good",
  active: "good",
  ready: "good",
  resolved: "good",
  degraded: "warn",
  held: "warn",
  retrying: "warn",
  waiting: "warn",
  rate_limited: "warn",
  pending_verification: "warn",
  pending_provider: "warn",
  running: "warn",
  paused: "warn",
  open: "warn",
  warning: "warn",
  failed: "bad",
  refused: "bad",
  dead: "bad",
  failing: "bad",
  needs_reauth: "bad",
  critical: "bad",
};

/** Of 12 by 12: a disc, a triangle, a square on its tip, a ring. */
const shapes = {
  good: () => svg("circle", { cx: 6, cy: 6, r: 5 }),
  warn: () => svg("path", { d: "M6 0.8 11.6 11H0.4Z" }),
  bad: () => svg("path", { d: "M6 0 12 6 6 12 0 6Z" }),
  calm: () => svg("circle", { cx: 6, cy: 6, r: 4, class: "ring" }),
};

/**
 * How a status of any kind is shown.
 * @param {string} status
 * @returns {Tone}
 */
export function toneOf(status) {
  return tones[status] ?? "calm";
}

/**
 * The shape of a tone, for those who see it.
 * @param {Tone} tone
 * @returns {SVGElement}
 */
export function shapeOf(tone) {
  return svg("svg", { viewBox: "0 0 12 12", class: `shape ${tone}`, "aria-hidden": "true" }, shapes[tone]());
}

/**
 * @param {string} status
 * @param {string} [text] where the status itself is no word
 * @returns {HTMLElement}
 */
export function badge(status, text = words(status)) {
  const tone = toneOf(status);
  return h("span", { class: `badge ${tone}` }, shapeOf(tone), h("span", {}, text));
}

/**
 * What became of a delivery: its outcome, where it got as far as that.
 * @param {{ readonly verdict: string, readonly outcome?: string }} delivery
 * @returns {string}
 */
export function resultOf({ verdict, outcome }) {
  return outcome ?? verdict;
}
