import { h, svg } from "./dom.js";
import { count } from "./format.js";
import { table } from "./table.js";

/** Charts are drawings with a title, and the same figures as a table for whoever would rather read. */

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} look a class of the style sheet
 * @property {readonly (number | undefined)[]} values one for each stretch of time
 */
/**
 * @typedef {object} ChartOptions
 * @property {string} id kept by the table's switch, so that new figures do not close it
 * @property {string} title
 * @property {string} summary the most important thing that it shows, in a sentence
 * @property {readonly string[]} labels of the stretches of time
 * @property {readonly Series[]} series
 * @property {(value: number) => string} format
 */

/** Drawings are stretched to the room that there is, so they hold nothing that would be distorted: no text, no circles. */
const WIDTH = 600;
const HEIGHT = 100;

/**
 * Bars, the series of one stretch upon each other.
 * @param {ChartOptions} options
 * @returns {HTMLElement}
 */
export function barChart(options) {
  const { labels, series } = options;
  const sums = labels.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const top = niceTop(Math.max(...sums, 1));
  const step = WIDTH / labels.length;
  const bars = labels.map((label, index) => {
    let below = 0;
    const parts = series.map(({ name, look, values }) => {
      const value = values[index] ?? 0;
      if (value === 0) return null;
      const height = Math.max((value / top) * HEIGHT, 1);
      below += height;
      const place = { x: index * step + 1.5, y: HEIGHT - below, width: step - 3, height };
      return svg("rect", { ...place, class: look }, svg("title", {}, `${label}: ${options.format(value)} ${name}`));
    });
    return svg("g", {}, parts);
  });
  return figure(options, top, bars);
}

/**
 * Lines, broken where there is nothing to show.
 * @param {ChartOptions} options
 * @returns {HTMLElement}
 */
export function lineChart(options) {
  const { labels, series } = options;
  const top = niceTop(Math.max(...series.flatMap(({ values }) => values.flatMap((value) => value ?? [])), 1));
  const step = WIDTH / labels.length;
  const drawn = series.map(({ name, look, values }) => {
    const points = values.map((value, index) =>
      value === undefined ? undefined : { x: (index + 0.5) * step, y: HEIGHT - (value / top) * HEIGHT, value, index },
    );
    const path = points.map((point, index) => point && `${points[index - 1] ? "L" : "M"}${point.x} ${point.y}`);
    const dots = points.map(
      (point) =>
        point &&
        svg(
          "path",
          { d: `M${point.x} ${point.y}h0`, class: `dot ${look}` },
          svg("title", {}, `${labels[point.index] ?? ""}: ${name} ${options.format(point.value)}`),
        ),
    );
    return svg("g", {}, svg("path", { d: path.filter(Boolean).join(""), class: `line ${look}` }), dots);
  });
  return figure(options, top, drawn);
}

/**
 * Bars beside names, for what has no order in time. It is a list, and read as one.
 * @param {readonly (readonly [name: string, times: number])[]} entries
 * @returns {HTMLElement}
 */
export function rankChart(entries) {
  const most = Math.max(...entries.map(([, times]) => times), 1);
  return h(
    "ol",
    { class: "ranks" },
    entries.map(([name, times]) =>
      h(
        "li",
        {},
        h("span", {}, name),
        h("span", { class: "number" }, count(times)),
        svg(
          "svg",
          { viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { x: 0, y: 0, width: (times / most) * 100, height: 4, class: "refused" }),
        ),
      ),
    ),
  );
}

/**
 * @param {ChartOptions} options
 * @param {number} top
 * @param {readonly SVGElement[]} content
 * @returns {HTMLElement}
 */
function figure(options, top, content) {
  const { id, title, summary, labels, series, format } = options;
  const isOpen = document.getElementById(`${id}-table`)?.hasAttribute("open") ?? false;
  return h(
    "figure",
    { class: "chart" },
    h("span", { class: "scale", "aria-hidden": "true" }, format(top)),
    svg(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${title}. ${summary}`,
      },
      svg("path", { d: `M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}`, class: "grid" }),
      svg("path", { d: `M0 ${HEIGHT}H${WIDTH}`, class: "axis" }),
      ...content,
    ),
    h(
      "span",
      { class: "scale", "aria-hidden": "true" },
      h("span", {}, labels[0] ?? ""),
      h("span", {}, labels.at(-1) ?? ""),
    ),
    h("figcaption", {}, legend(series), h("span", { class: "quiet" }, summary)),
    h(
      "details",
      { id: `${id}-table`, open: isOpen },
      h("summary", { id: `${id}-summary` }, "As a table"),
      figures(options),
    ),
  );
}

/** @param {readonly Series[]} series */
function legend(series) {
  const key = (/** @type {string} */ look) =>
    svg(
      "svg",
      { viewBox: "0 0 12 12", class: "shape", "aria-hidden": "true" },
      svg("rect", { width: 12, height: 12, rx: 2, class: look }),
    );
  return h(
    "ul",
    { class: "legend" },
    series.map(({ name, look }) => h("li", {}, key(look), name)),
  );
}

/** @param {ChartOptions} options */
function figures({ title, labels, series, format }) {
  const rows = labels
    .map((label, index) => ({ label, index }))
    .filter(({ index }) => series.some(({ values }) => values[index]));
  return table({
    caption: title,
    rows,
    columns: [
      { title: "From", cell: ({ label }) => label },
      ...series.map(({ name, values }) => ({
        title: name,
        kind: /** @type {const} */ ("number"),
        cell: (/** @type {{ readonly index: number }} */ { index }) => {
          const value = values[index];
          return value === undefined ? "–" : format(value);
        },
      })),
    ],
  });
}

/**
 * The next 1, 2 or 5 times a power of ten.
 * @param {number} value
 */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
