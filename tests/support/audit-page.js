/**
 * Looks at the page that is shown, from within: names of controls, headings, landmarks, tables, pictures, ids, contrast.
 * The criteria are those of WCAG 2.2, level AA, as far as a program can judge them.
 * @returns {string[]} what is wrong, in sentences
 */
function auditThisPage() {
  const all = [...document.body.querySelectorAll("*")].filter((element) => element.checkVisibility());
  const controls = all.filter((element) =>
    element.matches("a[href], button, input, select, textarea, summary, [tabindex='0']"),
  );
  return [
    ...controls
      .filter((element) => nameOf(element) === "")
      .map((element) => `has no name: ${element.outerHTML.slice(0, 120)}`),
    ...headingProblems(all),
    ...landmarkProblems(),
    ...all.filter((element) => element.matches("table")).flatMap(tableProblems),
    ...all.filter(isUnnamedPicture).map((element) => `is a picture without a name: ${element.outerHTML.slice(0, 120)}`),
    ...idProblems(),
    ...all.flatMap(contrastProblems),
  ];
}

/**
 * @param {Element} element
 * @returns {string}
 */
function nameOf(element) {
  const labels = "labels" in element && element.labels instanceof NodeList ? [...element.labels] : [];
  const referred = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id));
  const texts = [...labels, ...referred].map((label) => label?.textContent ?? "");
  return [element.getAttribute("aria-label") ?? "", ...texts, element.textContent].join("").trim();
}

/** @param {readonly Element[]} all */
function headingProblems(all) {
  const levels = all.flatMap((element) => (/^H[1-6]$/.test(element.tagName) ? Number(element.tagName.slice(1)) : []));
  const skipped = levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1);
  return [
    ...(levels.filter((level) => level === 1).length === 1 ? [] : [`has headings of the levels ${levels.join()}`]),
    ...skipped.map((level) => `skips to a heading of level ${level}`),
  ];
}

function landmarkProblems() {
  const navigations = [...document.querySelectorAll("nav")].filter((nav) => nav.checkVisibility());
  return [
    ...(document.querySelectorAll("main").length === 1 ? [] : ["has not one main"]),
    ...(document.documentElement.lang === "" ? ["does not say its language"] : []),
    ...(document.title === "" ? ["has no title"] : []),
    ...navigations.filter((nav) => !nav.hasAttribute("aria-label")).map(() => "has a navigation without a name"),
  ];
}

/** @param {Element} table */
function tableProblems(table) {
  const scopeless = [...table.querySelectorAll("th:not([scope])")];
  return [
    ...((table.querySelector("caption")?.textContent ?? "") === "" ? ["has a table without a caption"] : []),
    ...scopeless.map((th) => `has a heading of a table without a scope: ${th.textContent}`),
  ];
}

/** @param {Element} element */
function isUnnamedPicture(element) {
  if (element instanceof HTMLImageElement) return !element.hasAttribute("alt");
  if (element.tagName !== "svg" || element.getAttribute("aria-hidden") === "true") return false;
  return element.getAttribute("role") !== "img" || (element.getAttribute("aria-label") ?? "") === "";
}

function idProblems() {
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))].map(
    (id) => `has the id ${id} more than once`,
  );
}

/** @param {Element} element */
function contrastProblems(element) {
  const text = [...element.childNodes]
    .flatMap((node) => (node.nodeType === Node.TEXT_NODE ? (node.textContent ?? "").trim() : ""))
    .join("");
  const { color, fontSize, fontWeight } = getComputedStyle(element);
  if (text === "" || element.closest(".visually-hidden, :disabled, svg, .brand") !== null) return [];
  const isLarge = parseFloat(fontSize) >= (Number(fontWeight) >= 700 ? 18.66 : 24);
  const contrast = contrastOf(luminanceOf(channelsOf(color)), luminanceOf(groundOf(element)));
  return contrast >= (isLarge ? 3 : 4.5) ? [] : [`has a contrast of ${contrast.toFixed(2)}: ${text.slice(0, 60)}`];
}

/**
 * The nearest background that is not see-through.
 * @param {Element} element
 */
function groundOf(element) {
  for (let at = /** @type {Element | null} */ (element); at !== null; at = at.parentElement) {
    const channels = channelsOf(getComputedStyle(at).backgroundColor);
    if ((channels[3] ?? 1) > 0) return channels;
  }
  return [255, 255, 255];
}

/** @param {string} color as computed styles write it */
function channelsOf(color) {
  const numbers = [...color.matchAll(/[\d.]+/g)].map(([number]) => Number(number));
  return color.startsWith("color(") ? numbers.map((number, index) => (index < 3 ? number * 255 : number)) : numbers;
}

/** @param {readonly number[]} channels */
function luminanceOf([red = 0, green = 0, blue = 0]) {
  const [r = 0, g = 0, b = 0] = [red, green, blue].map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * @param {number} one
 * @param {number} other
 */
function contrastOf(one, other) {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

auditThisPage();
