import { h } from "./dom.js";
import { counted } from "./format.js";

/** What is longer, and more facts than these, are folded away. */
const SHORT = 120;
const FEW = 5;

/** @typedef {Readonly<Record<string, unknown>> | undefined} Facts */

/**
 * The facts of something that was changed, each as it was and as it is.
 * @param {Facts} before absent where there was nothing
 * @param {Facts} after absent where nothing is left
 * @returns {HTMLElement}
 */
export function changesOf(before, after) {
  const names = [...new Set([before, after].flatMap((facts) => Object.keys(facts ?? {})))];
  if (names.length === 0) return h("span", { class: "quiet" }, "–");
  const list = h(
    "ul",
    { class: "changes" },
    names.map((name) => h("li", {}, changeOf(name, before?.[name], after?.[name]))),
  );
  return names.length <= FEW ? list : h("details", {}, h("summary", {}, counted(names.length, "fact")), list);
}

/**
 * @param {string} name
 * @param {unknown} was
 * @param {unknown} is
 */
function changeOf(name, was, is) {
  const sides = [
    was !== undefined && h("del", {}, hidden("was "), factText(was)),
    was !== undefined && is !== undefined && h("span", { "aria-hidden": "true" }, " → "),
    is !== undefined && h("ins", {}, hidden(" is "), factText(is)),
  ];
  const isShort = [was, is].every((value) => value === undefined || factText(value).length <= SHORT);
  if (isShort) return [h("span", { class: "quiet" }, `${name}: `), ...sides];
  return h("details", {}, h("summary", {}, name), sides);
}

/** @param {string} text for those who do not see a line through what was */
function hidden(text) {
  return h("span", { class: "visually-hidden" }, text);
}

/**
 * @param {unknown} fact
 * @returns {string}
 */
function factText(fact) {
  if (typeof fact === "string") return fact;
  const isList = Array.isArray(fact) && fact.length > 0 && fact.every((item) => typeof item === "string");
  return isList ? fact.join(", ") : JSON.stringify(fact);
}
