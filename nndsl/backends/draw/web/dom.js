// Elements and numbers in words. Nothing here makes markup from text: labels come from a spec, which anyone may write.

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}

/** An element of the page. */
export function html(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** An element of the picture. */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

export function button(words, act, attributes = {}) {
  const made = html("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", act);
  return made;
}

export const round = (x) => Math.round(x * 100) / 100;

/** 1234567 -> 1,234,567; what is not a number stays. */
export function exact(amount) {
  return typeof amount === "number" ? String(amount).replace(/\B(?=(\d{3})+$)/g, ",") : String(amount);
}

/** Three digits: 512, 1.02K, 16.4M. */
export function compact(amount) {
  if (typeof amount !== "number") return String(amount);
  const units = ["", "K", "M", "G", "T", "P"];
  let value = amount;
  while (value >= 999.5 && units.length > 1) {
    value /= 1000;
    units.shift();
  }
  if (units[0] === "") return String(value);
  return value.toFixed(Math.max(0, 2 - Number(value >= 9.995) - Number(value >= 99.95))) + units[0];
}
