import { announce, h, update } from "./dom.js";
import { count } from "./format.js";
import { poll } from "./poll.js";
import { problemBox } from "./problem.js";
import { skeleton, table } from "./table.js";

/**
 * @template Row
 * @typedef {object} PagerOptions
 * @property {AbortSignal} signal
 * @property {(cursor: string | undefined) => Promise<{ readonly rows: readonly Row[], readonly nextCursor?: string }>} load
 * @property {string} caption
 * @property {readonly import("./table.js").Column<Row>[]} columns
 * @property {() => HTMLElement} empty what to do where there is nothing
 * @property {number} [seconds] after which the page that is shown is asked for again
 */

/** A page narrowed by a search may be empty and not be the last: how many of those are asked for in one go. */
const EMPTY_PAGES = 10;

/**
 * A list, one page at a time: as many elements as one page has, however long the list is.
 * @template Row
 * @param {PagerOptions<Row>} options
 * @returns {{ readonly element: HTMLElement, readonly reload: () => Promise<void> }}
 */
export function pager({ signal, load, caption, columns, empty, seconds }) {
  const content = h("div", {}, skeleton(8));
  const previous = h("button", { type: "button", id: "pager-previous", onclick: () => void move(-1) }, "Previous page");
  const next = h("button", { type: "button", id: "pager-next", onclick: () => void move(1) }, "Next page");
  const place = h("span", { class: "quiet" });
  const bar = h("nav", { class: "pager", "aria-label": `Pages of ${caption}`, hidden: true }, previous, place, next);
  /** Where each page that was seen begins. @type {(string | undefined)[]} */
  const cursors = [undefined];
  let page = 0;
  let isFilled = false;

  /** @param {number} step */
  async function move(step) {
    page += step;
    await show();
    announce(`${caption}, page ${page + 1}`);
  }

  async function showOnce() {
    const asked = page;
    const { rows, nextCursor } = await loadFilled(load, cursors[asked]);
    if (signal.aborted || asked !== page) return;
    cursors.splice(page + 1, cursors.length, ...(nextCursor === undefined ? [] : [nextCursor]));
    previous.disabled = page === 0;
    next.disabled = nextCursor === undefined;
    place.textContent = `Page ${page + 1}, ${count(rows.length)} shown`;
    bar.hidden = page === 0 && nextCursor === undefined;
    next.textContent = rows.length === 0 ? "Search further" : "Next page";
    const isEmpty = rows.length === 0 && nextCursor === undefined && page === 0;
    update(content, [rows, isEmpty], () => [isEmpty ? empty() : table({ caption, columns, rows })]);
    isFilled = true;
  }

  /** @param {unknown} error */
  function tell(error) {
    if (!signal.aborted) update(content, String(error), () => [problemBox(error, show)]);
  }

  async function show() {
    await showOnce().catch(tell);
  }

  async function showAgain() {
    try {
      await showOnce();
    } catch (error) {
      // A list that is there is not given up: the head of the page tells that it is not up to date.
      if (!isFilled) tell(error);
      throw error;
    }
  }

  if (seconds === undefined) void show();
  else poll(signal, seconds, showAgain);
  return { element: h("div", { class: "panel" }, content, bar), reload: show };
}

/**
 * @template Row
 * @param {PagerOptions<Row>["load"]} load
 * @param {string | undefined} from
 */
async function loadFilled(load, from) {
  let page = await load(from);
  for (let tried = 1; tried < EMPTY_PAGES && page.rows.length === 0 && page.nextCursor !== undefined; tried++) {
    page = await load(page.nextCursor);
  }
  return page;
}
