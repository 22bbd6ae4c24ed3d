import { h, refill } from "./dom.js";
import { field, select } from "./parts.js";

/**
 * Fields of a form by what the API calls them. What is secret is typed here, and comes back from nowhere.
 * @typedef {object} FieldSpec
 * @property {string} name
 * @property {string} label
 * @property {"text" | "secret" | "key" | "list" | readonly (readonly [value: string, text: string])[]} kind `key`: of several lines; `list`: separated by commas or spaces
 * @property {boolean} [isOptional]
 * @property {string} [hint] an example
 */

/**
 * A control for each field, with its label.
 * @param {readonly FieldSpec[]} specs
 * @returns {HTMLElement[]}
 */
function fieldsOf(specs) {
  return specs.map((spec) => field(spec.isOptional ? `${spec.label} (optional)` : spec.label, controlOf(spec)));
}

/** @param {FieldSpec} spec */
function controlOf({ name, kind, isOptional = false, hint }) {
  const common = { id: `field-${name}`, name, required: !isOptional, placeholder: hint, spellcheck: "false" };
  if (typeof kind !== "string") return select(name, kind, "");
  if (kind === "key") return h("textarea", { ...common, rows: 4, class: "code secret", autocomplete: "off" });
  const type = kind === "secret" ? "password" : "text";
  // Browsers offer to keep a password unless they are told that it is a new one.
  return h("input", { ...common, type, autocomplete: kind === "secret" ? "new-password" : "off" });
}

/**
 * What was typed, as the API wants it; what was left empty is left out.
 * @param {HTMLElement} container
 * @param {readonly FieldSpec[]} specs
 * @returns {Record<string, string | string[]>}
 */
function readFields(container, specs) {
  /** @type {Record<string, string | string[]>} */
  const values = {};
  for (const { name, kind } of specs) {
    const text = textIn(container, name);
    if (text !== "") values[name] = kind === "list" ? listIn(text) : text;
  }
  return values;
}

/**
 * The entries of a list that was typed, by commas, spaces or lines.
 * @param {string} text
 * @returns {string[]}
 */
export function listIn(text) {
  return text.split(/[\s,]+/).filter((entry) => entry !== "");
}

/**
 * @param {HTMLElement} container
 * @param {string} name
 */
function textIn(container, name) {
  const control = container.querySelector(`[name="${name}"]`);
  const isControl =
    control instanceof HTMLInputElement ||
    control instanceof HTMLTextAreaElement ||
    control instanceof HTMLSelectElement;
  return isControl ? control.value.trim() : "";
}

/**
 * @typedef {object} KindOptions
 * @property {string} label
 * @property {Readonly<Record<string, { readonly title: string, readonly fields: readonly FieldSpec[] }>>} kinds
 * @property {string} [kept] says that what is set stays, where something is
 */

/**
 * A choice of kinds, and the fields of the kind that is chosen.
 * @param {KindOptions} options
 * @returns {{ readonly elements: readonly HTMLElement[], readonly read: () => object | undefined }}
 */
export function kindPicker({ label, kinds, kept }) {
  const choices = Object.entries(kinds).map(([kind, { title }]) => /** @type {const} */ ([kind, title]));
  const control = select("kind", kept === undefined ? choices : [["", kept], ...choices], "");
  const fields = h("div", { class: "limits" });
  const specs = () => kinds[control.value]?.fields ?? [];
  const show = () => refill(fields, ...fieldsOf(specs()));
  control.addEventListener("change", show);
  show();
  const read = () => (control.value === "" ? undefined : { kind: control.value, ...readFields(fields, specs()) });
  return { elements: [field(label, control), fields], read };
}

/**
 * Choices, any number of which may be ticked.
 * @param {string} legend
 * @param {string} name
 * @param {readonly (readonly [value: string, text: string])[]} choices
 * @param {readonly string[]} ticked
 * @returns {HTMLElement}
 */
export function ticks(legend, name, choices, ticked) {
  const boxes = choices.map(([value, text]) =>
    h("label", { class: "tick" }, h("input", { type: "checkbox", name, value, checked: ticked.includes(value) }), text),
  );
  return h("fieldset", { class: "ticks" }, h("legend", {}, legend), boxes);
}
