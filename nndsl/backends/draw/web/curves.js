// The course of a wire, as in curves.py: straight pieces with soft corners, an arrowhead at its end.
import { round } from "./dom.js";

const BEND = 7;
const SKIP_BEND = 16;
const ARROW = 7;

const at = ([x, y]) => `${round(x)} ${round(y)}`;

/** The path of a line; it ends short of the tip of its arrow. */
export function pathOf(wire) {
  const { points } = wire;
  const bend = wire.skip ? SKIP_BEND : BEND;
  let path = `M${at(points[0])}`;
  for (let i = 1; i < points.length - 1; i += 1) {
    const [before, corner, after] = [points[i - 1], points[i], points[i + 1]];
    const reach = Math.min(bend, reachOf(before, corner) / 2, reachOf(corner, after) / 2);
    path += `L${at(toward(corner, before, reach))}Q${at(corner)} ${at(toward(corner, after, reach))}`;
  }
  const [before, tip] = points.slice(-2);
  return `${path}L${at(toward(tip, before, Math.min(wire.arrow ? ARROW - 1 : 0, reachOf(before, tip))))}`;
}

/** The three corners of its arrowhead, the tip first. */
export function arrowOf(wire) {
  const [before, tip] = wire.points.slice(-2);
  const back = toward(tip, before, ARROW);
  const [dx, dy] = [(tip[0] - back[0]) * 0.45, (tip[1] - back[1]) * 0.45];
  return `M${at(tip)}L${at([back[0] - dy, back[1] + dx])}L${at([back[0] + dy, back[1] - dx])}Z`;
}

/** A line without its soft corners, for pictures seen from far away. */
export function straightPath(wire) {
  return `M${wire.points.map(at).join("L")}`;
}

const reachOf = (a, b) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);

function toward(a, b, distance) {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (!length) return a;
  return [a[0] + ((b[0] - a[0]) * distance) / length, a[1] + ((b[1] - a[1]) * distance) / length];
}
