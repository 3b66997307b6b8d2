// From a laid-out figure to the page, as in picture.py: places of boxes, frames and lines, and which lines show which
// edge. A box or frame is called by the way to it: "4.0.2" is thing 2 in thing 0 in thing 4 of the model.
import { dotsOf, part } from "./junctions.js";
import { lineWidth } from "./layout.js";

const [ROLE, ROLE_LINE, ROLE_GAP] = [8, 11, 6]; // the names of inputs
const LABEL_AT = { up: [6, -5], down: [6, 12], right: [5, -4] }; // from a wire's tail

/** What is seen when the things of `tree` are open. */
export function paint(layouter, tree) {
  const { atlas } = layouter;
  const laid = layouter.lay(0, null, tree);
  const scene = { boxes: [], frames: [], wires: [], edges: [], labels: [] };
  const turned = atlas.direction === "right";
  scene.width = turned ? laid.height : laid.width;
  scene.height = turned ? laid.width : laid.height;
  const painter = new Painter(atlas, scene, tree);
  painter.paint(laid, [0, atlas.direction === "up" ? scene.height : 0], { id: "", path: "", frame: null, tree }, []);
  scene.dots = dotsOf(scene.wires);
  scene.places = new Map([...scene.boxes, ...scene.frames].map((item) => [item.id, item]));
  return scene;
}

class Painter {
  constructor(atlas, scene) {
    this.atlas = atlas;
    this.scene = scene;
  }

  /** `at`: where the figure's origin is; `feeds`: what the inputs are given; `leaving`: the outputs that are skip
   * connections further on. Gives what the outputs give. */
  paint(laid, at, where, feeds, leaving = new Set()) {
    const { wires } = this.scene;
    const skips = ({ lines }) => lines.length > 0 && wires[lines[lines.length - 1]].skip;
    const skipping = new Set(where.id ? laid.figure.inputs.filter((_, port) => skips(feeds[port])) : []); // goes on inside
    for (const port of leaving) skipping.add(laid.figure.outputs[port]);
    const drawn = new Map();
    const known = knownOf(laid, !where.id);
    for (const flow of known.drawn) drawn.set(flow, this.wire(laid, flow, at, where, skipping));
    this.part(laid, drawn);
    for (const [x, y, runs] of laid.labels) {
      const [pageX, pageY] = this.place(at, x, y);
      const [dx, dy] = LABEL_AT[this.atlas.direction];
      this.scene.labels.push({ x: pageX + dx, y: pageY + dy, runs });
    }
    for (const [x, y, run] of laid.numbers) {
      const [pageX, pageY] = this.place(at, x, y);
      this.scene.labels.push({ x: pageX - run.width / 2, y: pageY + run.size * 0.36, runs: [run] });
    }
    laid.returns.forEach((line, k) => {
      const points = line.map(([x, y]) => this.place(at, x, y));
      wires.push({ points, skip: false, training: false, back: true, arrow: true, after: null, id: `${where.id} back ${k}` });
    });
    const { figure, flows } = laid;
    const given = []; // of each thing, for each port: which box a value comes from, and by which lines it came so far
    if (where.id) figure.inputs.forEach((thing, port) => (given[thing] = [feeds[port]]));
    const ports = this.skippingPorts(laid, drawn);
    const results = [];
    figure.things.forEach((thing, i) => {
      const arriving = known.incoming[i].map((f) => {
        const feed = given[flows[f].tail][flows[f].tailPort];
        return drawn.has(f) ? { source: feed.source, lines: [...feed.lines, drawn.get(f)] } : feed;
      });
      if (where.id && thing.kind === "input") return;
      if (where.id && thing.kind === "output") {
        results.push(...arriving);
        return;
      }
      const place = this.place(at, ...laid.things.get(i));
      given[i] = laid.inner.has(i)
        ? this.frame(laid.inner.get(i), thing, i, place, where, arriving, ports.get(i))
        : this.leaf(thing, i, place, where, arriving, this.roles(laid, i, at));
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

  /** The names of a box's inputs, inside of it, where their lines end. */
  roles(laid, i, at) {
    const { direction } = this.atlas;
    return (laid.roles.get(i) || []).map(([x, y, run]) => {
      const [pageX, pageY] = this.place(at, x, y);
      if (direction === "right") return { x: pageX + 5, y: pageY + run.size * 0.36, run };
      return { x: pageX - run.width / 2, y: pageY + (direction === "up" ? -6 : ROLE + 4), run };
    });
  }

  /** How far the other words of a box move from the side where names of inputs stand. */
  roleRoom({ roles }) {
    if (roles === undefined) return [0, 0];
    const { direction } = this.atlas;
    const widest = Math.max(...Object.values(this.atlas.roles[roles].names).map((run) => run.width));
    if (direction === "right") return [(widest + ROLE_GAP) / 2, 0];
    return [0, direction === "up" ? -ROLE_LINE / 2 : ROLE_LINE / 2];
  }

  leaf(thing, i, at, where, arriving, roles) {
    const face = this.atlas.faces[thing.face];
    const along = this.atlas.direction === "right" ? face.width : face.height;
    const [x, y] = this.place(at, 0, along / 2);
    const id = childId(where.id, i);
    const { width, height } = face;
    const path = where.path + thing.label;
    const box = { id, thing, face, path, frame: where.frame, x: x - width / 2, y: y - height / 2, width, height };
    this.scene.boxes.push({ ...box, roles, room: this.roleRoom(face) });
    for (const { source, lines } of arriving) this.scene.edges.push({ source, target: id, wires: lines });
    return new Array(Math.max(thing.widest || 1, 1)).fill({ source: id, lines: [] });
  }

  /** Of each open block, the outputs whose flows are all skip connections: they are inside it too. */
  skippingPorts(laid, drawn) {
    const skips = new Map();
    for (const [flow, i] of drawn) {
      const { tail, tailPort } = laid.flows[flow];
      if (!laid.inner.has(tail)) continue;
      if (!skips.has(tail)) skips.set(tail, new Map());
      const ports = skips.get(tail);
      ports.set(tailPort, ports.get(tailPort) !== false && this.scene.wires[i].skip);
    }
    const chosen = (ports) => new Set([...ports].filter(([, skip]) => skip).map(([port]) => port));
    return new Map([...skips].map(([tail, ports]) => [tail, chosen(ports)]));
  }

  frame(laid, thing, i, at, where, arriving, leaving) {
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
    return this.paint(laid, at, { id, path: members, frame }, arriving, leaving);
  }

  wire(laid, flow, at, where, skipping) {
    const { arrow, skips, training } = laid.known.looks[flow];
    const points = laid.wires.get(flow).map(([x, y]) => this.place(at, x, y));
    const { tail, head } = laid.flows[flow];
    const skip = skips || skipping.has(tail) || skipping.has(head);
    this.scene.wires.push({ points, skip, training, arrow, after: null, id: `${where.id} ${flow}` });
    return this.scene.wires.length - 1;
  }

  /** The lines of each value, where several things need it. */
  part(laid, drawn) {
    const values = new Map();
    for (const [flow, i] of drawn) {
      const key = `${laid.flows[flow].tail} ${laid.flows[flow].tailPort}`;
      if (!values.has(key)) values.set(key, []);
      values.get(key).push(i);
    }
    for (const group of values.values()) part(this.scene.wires, group);
  }
}

/** What is the same wherever a figure stands: its lines in order and their looks, and which flows each thing takes. */
function knownOf(laid, isModel) {
  if (laid.known) return laid.known;
  const { figure, flows, inner } = laid;
  const incoming = figure.things.map(() => []);
  const looks = flows.map(({ head, headPort }, i) => {
    incoming[head].push(i);
    const thing = figure.things[head];
    const arrow = !inner.has(head) && (thing.kind === "node" || isModel);
    const isAside = (thing.aside || []).includes(headPort); // a mask, say
    return { arrow, skips: laid.skips.has(i) && !isAside, training: onlyTraining(laid, i) };
  });
  laid.known = { drawn: [...laid.wires.keys()].sort((a, b) => a - b), incoming, looks };
  return laid.known;
}

/** Does nothing flow there when the model is at work? */
function onlyTraining({ figure, flows }, number) {
  const { tail, head, headPort } = flows[number];
  const ends = [figure.things[tail], figure.things[head]];
  return ends.some((thing) => (thing.mode || thing.portMode) === "train") || ends[1].training === headPort;
}

export const childId = (parent, i) => (parent ? `${parent}.${i}` : String(i));

/** The texts of a box with their places: its lines, each in the middle, and the names of inputs. */
export function textsOf(box) {
  const { face } = box;
  const leading = face.shape === "pill" ? 12 : 15;
  const middleX = box.x + box.width / 2 + box.room[0];
  let y = box.y + box.height / 2 + box.room[1] - ((face.lines.length - 1) * leading) / 2;
  const texts = [];
  for (const runs of face.lines) {
    const largest = Math.max(...runs.map((run) => run.size));
    texts.push(...inLine(runs, middleX - lineWidth(runs) / 2, y + largest * 0.36));
    y += leading;
  }
  return [...texts, ...box.roles];
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
