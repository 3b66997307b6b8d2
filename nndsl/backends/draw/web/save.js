// The picture as it is opened now, as the text of an SVG file that needs nothing: colours stand in it as attributes, so
// that programs that know no style sheets show it as the page does.
import { itemsOf, LAYERS } from "./canvas.js";
import { html, round, svg } from "./dom.js";
import { sample, SWATCH } from "./legend.js";

const MARGIN = 24;
const LEGEND_ROW = 18;
const PROPERTIES = ["fill", "stroke", "stroke-width", "stroke-dasharray"];
const NOT_XML = /[^\t\n\u{20}-\u{7E}\u{A0}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const OF_THE_PAGE = ".mark, .hit"; // what only answers a pointer

/** `area`: an element in whose style the picture is shown; `legend`: as from legendOf. */
export function fileOf({ area, scene, title, totals, legend }) {
  const letters = getComputedStyle(area).fontFamily;
  const sheet = svg("svg", { "xml:space": "preserve", role: "img", class: "saved", "font-family": letters });
  area.append(sheet);
  try {
    const head = heading(sheet, title, totals);
    const width = Math.max(scene.width, ...head.map((line) => line.getComputedTextLength()), 260) + 2 * MARGIN;
    const top = MARGIN + 46;
    const height = explain(sheet, legend, width, top + scene.height + 22) + MARGIN;
    const page = svg("rect", { width: round(width), height: round(height), class: "page" });
    // last, when all that needs measuring is measured: so the browser never lays out the picture's texts
    sheet.prepend(svg("title", {}, title), page, picture(scene, (width - scene.width) / 2, top));
    for (const [name, value] of [["width", round(width)], ["height", round(height)]]) sheet.setAttribute(name, value);
    sheet.setAttribute("viewBox", `0 0 ${round(width)} ${round(height)}`);
    freeze(sheet);
    return `${new XMLSerializer().serializeToString(sheet).replace(NOT_XML, "\uFFFD")}\n`;
  } finally {
    sheet.remove();
  }
}

/** Give a text to the reader as a file. */
export function save(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  html("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A file's name from a model's. */
export function fileName(name, ending) {
  return `${name.replace(/[^\p{L}\p{N}_.-]+/gu, "_").replace(/^[._]+/, "").slice(0, 80) || "model"}.${ending}`;
}

function heading(sheet, title, totals) {
  const lines = [
    svg("text", { x: MARGIN, y: MARGIN + 12, "font-size": 17, "font-weight": "bold", class: "tone-ink" }, title),
    svg("text", { x: MARGIN, y: MARGIN + 30, "font-size": 11, class: "tone-grey" }, totals),
  ];
  sheet.append(...lines);
  return lines;
}

function picture(scene, x, y) {
  const layers = new Map(LAYERS.map((name) => [name, []]));
  for (const { layer, glyph, of } of itemsOf(scene)) layers.get(layer).push(glyph(of));
  const byDepth = [...scene.frames.keys()].sort((a, b) => scene.frames[a].depth - scene.frames[b].depth);
  layers.set("frames", byDepth.map((i) => layers.get("frames")[i]));
  return svg("g", { transform: `translate(${round(x)} ${round(y)})` }, [...layers.values()].flat());
}

/** In rows as wide as the picture; the height at which it ends. */
function explain(sheet, legend, width, y) {
  let x = MARGIN;
  for (const entry of legend) {
    const { family, text, tone } = entry;
    const before = family ? SWATCH[0] + 5 : 0;
    const words = svg("text", { "font-size": 10, class: `tone-${tone}` }, text);
    sheet.append(words);
    const room = before + words.getComputedTextLength();
    if (x > MARGIN && x + room > width - MARGIN) [x, y] = [MARGIN, y + LEGEND_ROW];
    words.setAttribute("x", round(x + before));
    words.setAttribute("y", round(y + 9));
    if (family) sheet.append(sample(entry, round(x), round(y)));
    x += room + 16;
  }
  return legend.length ? y + 12 : y - 16;
}

/** Write what the page's style gives to each element into the element, and take away what belongs to the page. */
function freeze(sheet) {
  for (const element of sheet.querySelectorAll(OF_THE_PAGE)) element.remove();
  const known = new Map();
  const elements = [...sheet.querySelectorAll("*")];
  const looks = elements.map((element) => (element.matches("rect, circle, path, text") ? lookOf(element, known) : []));
  elements.forEach((element, i) => {
    for (const [name, value] of looks[i]) element.setAttribute(name, value);
    const label = element.getAttribute("aria-label");
    if (label) element.prepend(svg("title", {}, label));
    for (const name of element.getAttributeNames()) {
      if (/^(class|role|data-|aria-)/.test(name)) element.removeAttribute(name);
    }
  });
  sheet.removeAttribute("class");
}

/** Elements of the same classes in the same classes look the same. */
function lookOf(element, known) {
  const [parent, around] = [element.parentNode, element.parentNode.parentNode];
  const key = [element, parent, around].map((each) => `${each.localName} ${each.getAttribute("class")}`).join("/");
  if (!known.has(key)) {
    const style = getComputedStyle(element);
    const values = PROPERTIES.map((name) => [name, style.getPropertyValue(name)]);
    known.set(key, values.filter(([name, value]) => said(name, value, values)).map(([n, v]) => [n, plain(v)]));
  }
  return known.get(key);
}

/** Not what every SVG has without being told. */
function said(name, value, values) {
  if (name === "fill") return true;
  return value !== "none" && values.find(([each]) => each === "stroke")[1] !== "none";
}

/** rgb(1, 2, 3) -> #010203, 1.2px -> 1.2 */
function plain(value) {
  const color = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(value);
  if (color) return `#${color.slice(1).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
  return value.replace(/px\b/g, "").replace(/,\s*/g, " ");
}
