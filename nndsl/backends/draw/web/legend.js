// What the colours and signs that are seen mean.
import { html } from "./dom.js";

/** [{ family, text, tone }]; without a family: words alone. */
export function legendOf({ words, told, signs }, scene, theme) {
  const isSign = ({ face }) => face.shape === "circle";
  const families = new Set(scene.boxes.filter((box) => !isSign(box)).map((box) => box.face.family));
  const circles = new Set(scene.boxes.filter(isSign).map((box) => box.face.lines[0][0].text));
  const entries = Object.entries(words)
    .filter(([family]) => families.has(family) && told[theme].includes(family))
    .map(([family, text]) => ({ family, text, tone: "grey" }));
  for (const [sign, word] of Object.entries(signs)) {
    if (circles.has(sign)) entries.push({ family: "", text: `${sign}  ${word}`, tone: "grey" });
  }
  if (scene.wires.some((wire) => wire.skip)) entries.push({ family: "skip", text: "skip connection", tone: "grey" });
  const isShared = (box) => box.face.lines.flat().some((run) => run.tone === "shared");
  if (scene.boxes.some(isShared)) entries.push({ family: "", text: "↔  shared weights", tone: "shared" });
  return entries;
}

/** The entry as an item of the page's list. */
export function legendItem({ family, text, tone }) {
  if (!family) return html("li", { class: tone }, text);
  return html("li", {}, html("i", { class: family === "skip" ? "swatch line" : `swatch f-${family}` }), text);
}
