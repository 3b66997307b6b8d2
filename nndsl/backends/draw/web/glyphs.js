// What boxes, frames and lines look like. Colours come from classes, so that a change of theme draws nothing anew.
import { arrowOf, pathOf } from "./curves.js";
import { round, svg } from "./dom.js";
import { inLine, textsOf } from "./scene.js";

function rect(x, y, width, height, radius, attributes = {}) {
  const place = { x: round(x), y: round(y), width: round(width), height: round(height), rx: round(radius) };
  return svg("rect", { ...place, ...attributes });
}

export function text({ x, y, run }) {
  const attributes = { x: round(x), y: round(y), "font-size": run.size, class: `tone-${run.tone || "ink"}` };
  if (run.bold) attributes["font-weight"] = "bold";
  return svg(
    "text",
    { ...attributes, textLength: round(run.width), lengthAdjust: "spacingAndGlyphs" },
    run.text,
  );
}

/** A small plus or minus where a block can be opened or closed. */
function mark(x, y, isOpen) {
  const plus = isOpen ? "" : `M${round(x)} ${round(y - 2.5)}v5`;
  return svg("path", { class: "mark", d: `M${round(x - 2.5)} ${round(y)}h5${plus}` });
}

const words = (lines) => lines.map((runs) => runs.map((run) => run.text).join("")).join(" ");

/** Its outlines. */
export function boxShape({ shape, dashed, stacked }, x, y, w, h) {
  const look = { class: dashed ? "body dashed" : "body" };
  if (shape === "circle") return [svg("circle", { cx: round(x + w / 2), cy: round(y + h / 2), r: round(w / 2), ...look })];
  const radius = shape === "pill" ? Math.min(h / 2, 10) : Math.min(6, h / 4);
  const by = Math.min(3, h / 5);
  const inner = [x + by, y + by, w - 2 * by, h - 2 * by, radius - (by * 2) / 3, { class: "inset" }];
  return [rect(x, y, w, h, radius, look), ...(stacked ? [rect(...inner)] : [])];
}

export function boxGlyph(box) {
  const { face, thing } = box;
  const { x, y, width: w, height: h } = box;
  const canOpen = thing.inside !== undefined;
  const group = svg("g", {
    id: `i-${box.id}`,
    class: `box f-${face.family}${canOpen ? " closed" : ""}`,
    "data-id": box.id,
    role: "treeitem",
    "aria-label": `${words(face.lines)}, ${box.path}`,
    "aria-expanded": canOpen ? "false" : null,
    "aria-level": box.frame ? box.frame.depth + 2 : 1,
  });
  group.append(...boxShape(face, x, y, w, h));
  group.append(...textsOf(box).map(text));
  if (canOpen) group.append(mark(x + w - 8, y + 8, false));
  return group;
}

export function frameGlyph(frame) {
  const { x, y, width, height, caption } = frame;
  const texts = caption.flatMap(([cx, cy, runs]) => inLine(runs, x + cx, y + cy));
  const bottom = Math.max(...caption.map(([, cy]) => cy)) + 6;
  const right = Math.max(...texts.map((each) => each.x + each.run.width)) + 6;
  return svg(
    "g",
    {
      id: `i-${frame.id}`,
      class: `frame d${Math.min(frame.depth, 2)}`,
      "data-id": frame.id,
      role: "treeitem",
      "aria-label": `${words(caption.map(([, , runs]) => runs))}, ${frame.path}`,
      "aria-expanded": "true",
      "aria-level": frame.depth + 1,
    },
    rect(x, y, width, height, 9, { class: frame.thing.dashed ? "body dashed" : "body" }),
    svg(
      "g",
      { class: "caption" },
      rect(x + 3, y + 3, right - x - 3, bottom - 3, 6, { class: "hit" }),
      texts.map(text),
      mark(x + width - 8, y + 8, true),
    ),
  );
}

export function wireGlyph(wire) {
  const kind = ["wire", ...["skip", "training", "back"].filter((look) => wire[look])].join(" ");
  const line = svg("path", { class: kind, d: pathOf(wire) });
  return wire.arrow ? svg("g", {}, line, svg("path", { class: `head ${kind}`, d: arrowOf(wire) })) : line;
}

export function labelGlyph(label) {
  return svg("g", {}, inLine(label.runs, label.x, label.y).map(text));
}

export function dotGlyph({ x, y, skip }) {
  return svg("circle", { class: skip ? "dot skip" : "dot", cx: round(x), cy: round(y), r: 2.6 });
}

/** A box as part of one long path, for pictures seen from far away. */
export function outline({ x, y, width, height }) {
  return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
}
