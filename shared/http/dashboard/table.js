import { h } from "./dom.js";

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => import("./dom.js").Child | readonly import("./dom.js").Child[]} cell
 * @property {"number" | "wide" | "code"} [kind] `wide`: left out on narrow screens
 */
/**
 * @template Row
 * @typedef {object} TableOptions
 * @property {string} caption
 * @property {boolean} [showsCaption] it is for screen readers alone otherwise
 * @property {readonly Column<Row>[]} columns the first one names the row
 * @property {readonly Row[]} rows
 */

/**
 * A table that says what it holds, and scrolls by itself where it is wider than the screen.
 * @template Row
 * @param {TableOptions<Row>} options
 * @returns {HTMLElement}
 */
export function table({ caption, showsCaption = false, columns, rows }) {
  const head = columns.map(({ title, kind }) => h("th", { scope: "col", class: kind }, title));
  const body = rows.map((row) =>
    h(
      "tr",
      {},
      columns.map(({ cell, kind }, index) => {
        const content = [cell(row)].flat();
        return index === 0 ? h("th", { scope: "row", class: kind }, content) : h("td", { class: kind }, content);
      }),
    ),
  );
  return h(
    "div",
    { class: "scroller", tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: showsCaption ? "" : "visually-hidden" }, caption),
      h("thead", {}, h("tr", {}, head)),
      h("tbody", {}, body),
    ),
  );
}

/**
 * What stands where a table is going to be.
 * @param {number} rows
 * @returns {HTMLElement}
 */
export function skeleton(rows) {
  const lines = Array.from({ length: rows }, () => h("div", { class: "bone" }));
  return h("div", { class: "skeleton", role: "status", "aria-label": "Loading" }, lines);
}

/**
 * Names and values, one below the other.
 * @param {readonly (readonly [name: string, value: import("./dom.js").Child | readonly import("./dom.js").Child[]])[]} pairs
 * @returns {HTMLElement}
 */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== "");
  return h(
    "dl",
    { class: "facts" },
    shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, [value].flat()))),
  );
}

/**
 * A part of a page, under a heading of its own.
 * @param {string} title
 * @param {...import("./dom.js").Child} children
 * @returns {HTMLElement}
 */
export function panel(title, ...children) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return h("section", { class: "panel", "aria-labelledby": id }, h("h2", { id }, title), ...children);
}
