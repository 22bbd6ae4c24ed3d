/** Elements are built node by node: what came from outside is text, and never becomes markup. */

/** @typedef {Node | string | number | false | null | undefined} Child */
/** @typedef {(event: Event) => unknown} Listener */
/** @typedef {Readonly<Record<string, string | number | boolean | undefined | Listener>>} Attributes */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. An attribute `on…` is a listener; one that is `true` has no value, one that is `false` is left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children.flat());
}

/**
 * An SVG element, likewise.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Child | readonly Child[])} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children.flat());
}

/**
 * @template {Element} T
 * @param {T} element
 * @param {Attributes} attributes
 * @param {readonly Child[]} children
 * @returns {T}
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...toNodes(children));
  return element;
}

/**
 * @param {readonly Child[]} children
 * @returns {(Node | string)[]}
 */
function toNodes(children) {
  return children.flatMap((child) => {
    if (child === false || child === null || child === undefined) return [];
    return [typeof child === "number" ? String(child) : child];
  });
}

/**
 * Puts new content into an element. Whoever has the focus on something within keeps it, if the new content has an element
 * of the same id.
 * @param {Element} container
 * @param {...Child} children
 */
export function refill(container, ...children) {
  const focused = document.activeElement;
  const id = focused !== null && container.contains(focused) ? focused.id : "";
  container.replaceChildren(...toNodes(children));
  if (id !== "") document.getElementById(id)?.focus({ preventScroll: true });
}

/** What each container shows, as JSON. @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/**
 * Puts new content into an element if it is about something else than what is there: what a reader has marked or scrolled
 * to stays as it is.
 * @param {Element} container
 * @param {unknown} data
 * @param {() => readonly Child[]} build
 */
export function update(container, data, build) {
  const text = JSON.stringify(data);
  if (shown.get(container) === text) return;
  shown.set(container, text);
  refill(container, ...build());
}

/**
 * The element of the page with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Tells something to those who cannot see it appear.
 * @param {string} text
 */
export function announce(text) {
  byId("announcer").textContent = text;
}
