// What the looks, lines and signs that are seen mean.
import { html, svg } from "./dom.js";
import { boxShape } from "./glyphs.js";

export const SWATCH = [18, 11];

/** [{ family, text, tone, shape }]; without a family: words alone; with a line: that kind of line. */
export function legendOf({ words, signs, lines, pills }, scene) {
  const isSign = ({ face }) => face.shape === "circle";
  const families = new Set(scene.boxes.filter((box) => !isSign(box)).map((box) => box.face.family));
  const circles = new Set(scene.boxes.filter(isSign).map((box) => box.face.lines[0][0].text));
  const entries = Object.entries(words)
    .filter(([family]) => families.has(family))
    .map(([family, text]) => ({ family, text, tone: "grey", shape: pills.includes(family) ? "pill" : "box" }));
  for (const [sign, word] of Object.entries(signs)) {
    if (circles.has(sign)) entries.push({ family: "", text: `${sign}  ${word}`, tone: "grey" });
  }
  for (const [line, text] of Object.entries(lines)) {
    if (scene.wires.some((wire) => wire[line])) entries.push({ family: line, line, text, tone: "grey" });
  }
  const isShared = ({ face }) => face.lines.some((runs) => runs.some((run) => run.tone === "shared"));
  if (scene.boxes.some(isShared)) entries.push({ family: "", text: "↔  shared weights", tone: "shared" });
  return entries;
}

/** A small line or box of a kind. */
export function sample({ family, line, shape }, x, y) {
  const [width, height] = SWATCH;
  if (line) return svg("path", { class: `wire ${line}`, d: `M${x} ${y + height / 2}h${width}` });
  return svg("g", { class: `f-${family}` }, boxShape({ shape, stacked: family === "block" }, x, y, width, height));
}

/** The entry as an item of the page's list. */
export function legendItem(entry) {
  if (!entry.family) return html("li", { class: entry.tone }, entry.text);
  const [width, height] = SWATCH;
  const size = { width: width + 3, height: height + 3, viewBox: `-1.5 -1.5 ${width + 3} ${height + 3}` };
  return html("li", {}, svg("svg", { class: "swatch", "aria-hidden": "true", ...size }, sample(entry, 0, 0)), entry.text);
}
