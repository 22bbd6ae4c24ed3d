import { byId, h, refill } from "./dom.js";

/**
 * @typedef {object} ViewContext
 * @property {Readonly<Record<string, string>>} params of the path
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal aborted once another view is shown
 */
/** @typedef {{ readonly title: string, readonly content: readonly HTMLElement[] }} View */
/** @typedef {(context: ViewContext) => View} ViewBuilder */

/** @type {readonly (readonly [pattern: string, build: ViewBuilder])[]} */
let routes = [];
let leaving = new AbortController();
let isFirst = true;

/**
 * The address of a view, for a link.
 * @param {string} path
 * @param {Readonly<Record<string, string | undefined>>} [query]
 * @returns {string}
 */
export function linkTo(path, query = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") search.set(name, value);
  const text = search.toString();
  return text === "" ? `#${path}` : `#${path}?${text}`;
}

/**
 * Goes to a view, as a link would.
 * @param {string} href
 */
export function goTo(href) {
  if (location.hash === href) showView();
  else location.hash = href;
}

/**
 * Shows the views that the address names, from now on. A segment `:name` of a pattern is a parameter.
 * @param {readonly (readonly [pattern: string, build: ViewBuilder])[]} table
 */
export function startRouter(table) {
  routes = table;
  window.addEventListener("hashchange", showView);
  showView();
}

/** Leaves the view that is shown; nothing is asked for it any more. */
export function leaveView() {
  leaving.abort();
  window.removeEventListener("hashchange", showView);
}

function showView() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [path = "/", search = ""] = location.hash.slice(1).split("?", 2);
  const { title, content } = build(path === "" ? "/" : path, { query: new URLSearchParams(search), signal });
  document.title = `${title} · Castiel Webhooks`;
  const heading = h("h1", { tabindex: -1, id: "heading" }, title);
  refill(byId("main"), heading, ...content);
  markCurrent(path);
  // Whoever follows a link is taken to where it leads; whoever opens the page begins at its top.
  if (!isFirst) heading.focus();
  isFirst = false;
  window.scrollTo(0, 0);
}

/**
 * @param {string} path
 * @param {Omit<ViewContext, "params">} context
 * @returns {View}
 */
function build(path, context) {
  for (const [pattern, view] of routes) {
    const params = match(pattern, path);
    if (params) return view({ ...context, params });
  }
  return {
    title: "No such page",
    content: [h("p", {}, "Nothing is at this address. ", h("a", { href: "#/" }, "To the overview"))],
  };
}

/**
 * @param {string} pattern
 * @param {string} path
 * @returns {Record<string, string> | undefined}
 */
function match(pattern, path) {
  const [names, values] = [pattern.split("/"), path.split("/")];
  if (names.length !== values.length) return undefined;
  /** @type {Record<string, string>} */
  const params = {};
  for (const [index, name] of names.entries()) {
    const value = values[index] ?? "";
    if (name.startsWith(":")) params[name.slice(1)] = decodeURIComponent(value);
    else if (name !== value) return undefined;
  }
  return params;
}

/** @param {string} path */
function markCurrent(path) {
  for (const link of document.querySelectorAll("nav a")) {
    const target = (link.getAttribute("href") ?? "").slice(1);
    const isCurrent = target === "/" ? path === "/" || path === "" : path === target || path.startsWith(`${target}/`);
    if (!isCurrent) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
}
