import { announce, h } from "./dom.js";

/**
 * A text that is meant to be copied, with a button that does it.
 * @param {string} text
 * @param {string} name what it is
 * @returns {HTMLElement}
 */
export function copyable(text, name) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    announce(`${name} copied`);
  };
  return h(
    "span",
    { class: "copyable" },
    h("code", {}, text),
    h(
      "button",
      {
        type: "button",
        class: "small",
        id: `copy-${name.replaceAll(" ", "-")}`,
        "aria-label": `Copy ${name}`,
        onclick: () => void copy(),
      },
      "Copy",
    ),
  );
}
