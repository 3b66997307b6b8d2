// From a laid-out figure to the page, as in picture.py: places of boxes, frames and lines, and which lines show which
// edge. A box or frame is called by the way to it: "4.0.2" is thing 2 in thing 0 in thing 4 of the model.
import { lineWidth } from "./layout.js";

const LABEL_AT = { up: [6, -5], down: [6, 12], right: [5, -4] }; // from a wire's tail

/** What is seen when the things of `tree` are open. */
export function paint(layouter, tree) {
  const { atlas } = layouter;
  const laid = layouter.lay(0, null, tree);
  const scene = { boxes: [], frames: [], wires: [], edges: [], dots: [], labels: [] };
  const turned = atlas.direction === "right";
  scene.width = turned ? laid.height : laid.width;
  scene.height = turned ? laid.width : laid.height;
  const painter = new Painter(atlas, scene, tree);
  painter.paint(laid, [0, atlas.direction === "up" ? scene.height : 0], { id: "", path: "", frame: null, tree }, []);
  return scene;
}

class Painter {
  constructor(atlas, scene) {
    this.atlas = atlas;
    this.scene = scene;
  }

  /** `at`: where the figure's origin is; `feeds`: what the inputs are given. Gives what the outputs give. */
  paint(laid, at, where, feeds) {
    const { wires } = this.scene;
    const skips = ({ lines }) => lines.length > 0 && wires[lines[lines.length - 1]].skip;
    const skipping = new Set(where.id ? laid.figure.inputs.filter((_, port) => skips(feeds[port])) : []); // goes on inside
    const drawn = new Map();
    for (const flow of [...laid.wires.keys()].sort((a, b) => a - b)) {
      drawn.set(flow, this.wire(laid, flow, at, where, skipping));
    }
    this.trunks(laid, drawn, where);
    for (const [x, y] of laid.dots) this.scene.dots.push(this.place(at, x, y));
    for (const [x, y, runs] of laid.labels) {
      const [pageX, pageY] = this.place(at, x, y);
      const [dx, dy] = LABEL_AT[this.atlas.direction];
      this.scene.labels.push({ x: pageX + dx, y: pageY + dy, runs });
    }
    const given = new Map(); // "thing port" -> which box a value comes from, and by which lines it came so far
    if (where.id) laid.figure.inputs.forEach((thing, port) => given.set(`${thing} 0`, feeds[port]));
    const incoming = laid.figure.things.map(() => []);
    laid.flows.forEach((flow, i) => incoming[flow.head].push(i));
    const results = [];
    laid.figure.things.forEach((thing, i) => {
      const arriving = incoming[i].map((f) => {
        const { source, lines } = given.get(`${laid.flows[f].tail} ${laid.flows[f].tailPort}`);
        return { source, lines: drawn.has(f) ? [...lines, drawn.get(f)] : lines };
      });
      if (where.id && thing.kind === "input") return;
      if (where.id && thing.kind === "output") {
        results.push(...arriving);
        return;
      }
      const gives = laid.inner.has(i)
        ? this.frame(laid.inner.get(i), thing, i, this.place(at, ...laid.things.get(i)), where, arriving)
        : this.leaf(thing, i, this.place(at, ...laid.things.get(i)), where, arriving);
      gives.forEach((feed, port) => given.set(`${i} ${port}`, feed));
    });
    return results;
  }

  place([ox, oy], x, y) {
    switch (this.atlas.direction) {
      case "up":
        return [ox + x, oy - y];
      case "down":
        return [ox + x, oy + y];
      default:
        return [ox + y, oy + x];
    }
  }

  leaf(thing, i, at, where, arriving) {
    const face = this.atlas.faces[thing.face];
    const along = this.atlas.direction === "right" ? face.width : face.height;
    const [x, y] = this.place(at, 0, along / 2);
    const id = childId(where.id, i);
    const box = { id, thing, face, path: where.path + thing.label, frame: where.frame };
    Object.assign(box, { x: x - face.width / 2, y: y - face.height / 2, width: face.width, height: face.height });
    this.scene.boxes.push(box);
    for (const { source, lines } of arriving) this.scene.edges.push({ source, target: id, wires: lines });
    return Array.from({ length: Math.max(thing.widest || 1, 1) }, () => ({ source: id, lines: [] }));
  }

  frame(laid, thing, i, at, where, arriving) {
    const corner = this.place(at, laid.width, laid.height);
    const id = childId(where.id, i);
    const path = where.path + thing.label;
    let { frame } = where;
    if (!thing.plain) {
      frame = { id, thing, path, frame: where.frame, depth: frame ? frame.depth + 1 : 0, caption: laid.caption };
      Object.assign(frame, { x: Math.min(at[0], corner[0]), y: Math.min(at[1], corner[1]) });
      Object.assign(frame, { width: Math.abs(at[0] - corner[0]), height: Math.abs(at[1] - corner[1]) });
      this.scene.frames.push(frame);
    }
    const members = thing.member ? `${path}.${thing.member}.` : `${path}.`;
    return this.paint(laid, at, { id, path: members, frame }, arriving);
  }

  wire(laid, flow, at, where, skipping) {
    const { tail, head, headPort } = laid.flows[flow];
    const thing = laid.figure.things[head];
    const arrow = !laid.inner.has(head) && (thing.kind === "node" || !where.id);
    const points = laid.wires.get(flow).map(([x, y]) => this.place(at, x, y));
    const isAside = (thing.aside || []).includes(headPort); // a mask, say
    const skip = skipping.has(tail) || (laid.skips.has(flow) && !isAside);
    const look = { skip, training: onlyTraining(laid, flow) };
    this.scene.wires.push({ points, ...look, arrow, id: `${where.id} ${flow}` });
    return this.scene.wires.length - 1;
  }

  /** What flows at work too is no dotted line where it leaves one that is. */
  trunks(laid, drawn, where) {
    const { wires } = this.scene;
    const leaving = new Map();
    const key = (flow) => `${laid.flows[flow].tail} ${laid.flows[flow].tailPort}`;
    for (const [flow, i] of drawn) {
      if (!wires[i].training) leaving.set(key(flow), [...(leaving.get(key(flow)) || []), wires[i].points[0]]);
    }
    for (const [flow, i] of drawn) {
      const { training, points } = wires[i];
      if (!training || !leaving.has(key(flow)) || points.length < 2) continue;
      const way = trunk(points, leaving.get(key(flow)));
      if (way.length) wires.push({ points: way, skip: false, training: false, arrow: false, id: `${where.id} trunk ${flow}` });
    }
  }
}

/** Does nothing flow there when the model is at work? */
function onlyTraining({ figure, flows }, number) {
  const { tail, head, headPort } = flows[number];
  const ends = [figure.things[tail], figure.things[head]];
  return ends.some((thing) => (thing.mode || thing.portMode) === "train") || ends[1].training === headPort;
}

/** Of a dotted line, what is also the way to where others leave it: its first piece up to the last of them. */
function trunk([[x, y], [endX, endY]], others) {
  let found = [];
  let most = 0;
  for (const [atX, atY] of others) {
    const along = Math.abs(atX - x) + Math.abs(atY - y);
    const straight = (x === atX && x === endX) || (y === atY && y === endY);
    if (straight && most < along && along <= Math.abs(endX - x) + Math.abs(endY - y)) {
      [found, most] = [[[x, y], [atX, atY]], along];
    }
  }
  return found;
}

export const childId = (parent, i) => (parent ? `${parent}.${i}` : String(i));

/** The texts of a box with their places: its lines, each in the middle. */
export function textsOf(box) {
  const { face } = box;
  const leading = face.shape === "pill" ? 12 : 15;
  const middleX = box.x + box.width / 2;
  let y = box.y + box.height / 2 - ((face.lines.length - 1) * leading) / 2;
  const texts = [];
  for (const runs of face.lines) {
    const largest = Math.max(...runs.map((run) => run.size));
    texts.push(...inLine(runs, middleX - lineWidth(runs) / 2, y + largest * 0.36));
    y += leading;
  }
  return texts;
}

/** Runs one after another from x on. */
export function inLine(runs, x, y) {
  const texts = [];
  for (const run of runs) {
    texts.push({ x, y, run });
    x += run.width;
  }
  return texts;
}
