// A figure's sizes and places, as in layout.py: each open block is laid out once, then stands in its frame as one box.
// A figure that looks the same twice (equal figure, equal blocks open inside) is laid out once.
import { STRAIGHT } from "./channel.js";
import { numbers } from "./orders.js";
import { AT_CIRCLE, PIN } from "./pins.js";
import { LABEL_OVER, LANE, Leaf, settle } from "./regions.js";
import { Structure } from "./structure.js";

const SIDE = 14; // between a frame and what it holds
const FOOT = 6;
const CAPTION_LINE = 16;
const NEXT_LINE = 14;
const BELOW = 12; // a caption's last letters, and room before what follows
const INSET = 10; // of a caption from a frame's side
const FROM_WIRE = 9;
const PART_GAP = 7; // between the parts of a line
const AT_RIGHT = 24; // so much must be saved by a caption that is not in the corner
const STRIP = 17; // for the shape beside a wire
const LABEL_LINE = 9; // for one above it
const RETURN_TRACK = 9; // between the ways back of a loop's states
const RETURN_CLEAR = 7; // from what its frame holds to the first
const LABEL_FROM_TAIL = 5; // where it is drawn, along the wire

export const lineWidth = (runs) => runs.reduce((sum, run) => sum + run.width, 0);

/** Lays out figures of one atlas. */
export class Layouter {
  constructor(atlas) {
    this.atlas = atlas;
    this.direction = atlas.direction;
    this.known = new Map();
    this.numbers = new Map();
  }

  /** `tree`: which things are open, thing -> tree of what is open inside it; `framed`: the thing whose inside this is. */
  lay(number, framed, tree) {
    const key = this.keyOf(number, framed, tree);
    if (!this.known.has(key)) {
      if (this.known.size > 20000) this.known.clear();
      this.known.set(key, this.layFigure(this.atlas.figures[number], framed, tree));
    }
    return this.known.get(key);
  }

  /** Equal numbers, equal pictures. */
  keyOf(number, framed, tree) {
    const figure = this.atlas.figures[number];
    const inner = [...tree.keys()].sort((a, b) => a - b).map((i) => {
      const thing = figure.things[i];
      return `${i}:${this.keyOf(thing.inside, thing, tree.get(i))}`;
    });
    const text = `${number}|${framed ? framed.caption : ""}|${framed && framed.plain ? "p" : ""}|${inner.join()}`;
    if (!this.numbers.has(text)) this.numbers.set(text, this.numbers.size);
    return this.numbers.get(text);
  }

  layFigure(figure, framed, tree) {
    const flows = flowsOf(figure, tree);
    const inner = new Map();
    const leaves = figure.things.map((thing, i) => this.leaf(thing, i, framed, tree, inner));
    flows.forEach((flow, i) => {
      leaves[flow.tail].outgoing.push(i);
      leaves[flow.head].incoming.push(i);
    });
    for (const flow of flows) flow.parted = inner.has(flow.tail) && inner.get(flow.tail).parted.has(flow.tailPort);
    leaves.forEach((leaf, i) => {
      if (inner.has(i)) {
        leaf.setFrame(inner.get(i).portsIn, inner.get(i).portsOut, flows);
        return;
      }
      leaf.setPins(flows);
      this.roomForLabel(leaf, figure.things[i]);
    });
    const region = new Structure(leaves, flows).region();
    const body = settle(region);
    return this.framed({ figure, framed, flows, inner, leaves, region, body });
  }

  leaf(thing, i, framed, tree, inner) {
    const onlyTrains = thing.mode === "train"; // what is left out of the trained model is never its trunk
    if (tree.has(i)) {
      const laid = this.lay(thing.inside, thing, tree.get(i));
      inner.set(i, laid);
      const leaf = new Leaf(i, laid.width, laid.height);
      leaf.weight = onlyTrains ? 0 : Math.max(laid.weight, 1);
      return leaf;
    }
    const isPoint = framed !== null && thing.kind !== "node";
    const face = this.atlas.faces[thing.face];
    const across = this.direction === "right" ? [face.height, face.width] : [face.width, face.height];
    const leaf = isPoint ? new Leaf(i, 0, 0) : new Leaf(i, ...across);
    leaf.isRound = face.shape === "circle";
    leaf.isOrdered = Boolean(face.numbers);
    leaf.isInput = thing.kind === "input";
    const roles = this.atlas.roles[face.roles];
    leaf.named = Boolean(roles);
    leaf.pin = roles ? roles.pin : leaf.isRound ? AT_CIRCLE : PIN;
    leaf.weight = isPoint || onlyTrains ? 0 : 1;
    return leaf;
  }

  /** The names of inputs, by the thing: where their lines end. */
  rolesOf({ figure, flows, inner, wires }) {
    const found = new Map();
    for (const flow of [...wires.keys()].sort((a, b) => a - b)) {
      const { head, headPort } = flows[flow];
      const roles = this.atlas.roles[this.atlas.faces[figure.things[head].face].roles];
      if (inner.has(head) || !roles || !roles.names[headPort]) continue;
      const [x, y] = wires.get(flow).at(-1);
      found.set(head, [...(found.get(head) || []), [x, y, roles.names[headPort]]]);
    }
    return found;
  }

  roomForLabel(leaf, thing) {
    if (!thing.exit) return;
    const width = lineWidth(thing.exit);
    if (this.direction === "right" && !leaf.isRound) leaf.labelAlong(LABEL_LINE + 4, width);
    else if (this.direction === "right") leaf.label(width + 10, LABEL_LINE, 0);
    else leaf.label(STRIP, 0, width);
  }

  /** The figure with its frame: places relative to the corner where the flow enters, y along the flow, x across it. */
  framed({ figure, framed, flows, inner, leaves, region, body }) {
    let { left, right } = region;
    let caption = [];
    let [foot, head] = [0, 0];
    const returned = figure.returns || [];
    const loopRoom = returned.length ? RETURN_CLEAR + RETURN_TRACK * returned.length : 0;
    const side = right;
    const beside = this.direction === "right";
    if (framed !== null && !framed.plain) {
      left -= SIDE;
      right += SIDE + LANE * returned.length;
      const parts = this.atlas.captions[framed.caption];
      if (beside) {
        const found = captionBeside(parts, region.height + 2 * (FOOT + loopRoom));
        foot = head = FOOT + loopRoom + found.right / 2;
        left -= found.room - SIDE;
        caption = found.placed;
      } else {
        const isUp = this.direction === "up";
        const ends = (isUp ? figure.outputs : figure.inputs).map((i) => body.things.get(i)[0]);
        const found = captionAbove(parts, ends, left, right);
        const [low, high] = loopRoom ? [0, 0] : clearOf(figure, body, leaves, region.height);
        ({ left, right } = found);
        caption = found.placed.map(([x, y, runs]) => [x - left, y, runs]);
        [foot, head] = isUp ? [FOOT, Math.max(FOOT, found.room - high)] : [Math.max(FOOT, found.room - low), FOOT];
        foot += loopRoom;
        head += loopRoom;
      }
    }
    const laid = { figure, flows, inner, width: right - left, height: foot + region.height + head };
    laid.things = new Map();
    for (const [i, [x, y]] of body.things) {
      laid.things.set(i, [x - left + (inner.has(i) ? leaves[i].left : 0), y + foot]);
    }
    laid.portsIn = figure.inputs.map((i) => laid.things.get(i)[0]);
    laid.portsOut = figure.outputs.map((i) => laid.things.get(i)[0]);
    laid.caption = caption;
    // As in feedback.py: the ways of a loop's states.
    laid.returns = returned.map(([first, last], k) => {
      const [begin, end] = [figure.inputs[first], figure.outputs[last]];
      const aside = side - left + LANE * (k + 1);
      const above = foot + region.height + RETURN_CLEAR + RETURN_TRACK * k;
      const below = foot - RETURN_CLEAR - RETURN_TRACK * k;
      return [
        [laid.things.get(end)[0], above],
        [aside, above],
        [aside, below],
        [laid.things.get(begin)[0], below],
      ];
    });
    laid.labels = [];
    figure.things.forEach((thing, i) => {
      if (!thing.exit || inner.has(i)) return;
      const [x, y] = laid.things.get(i);
      const start = leaves[i].glyphHeight + LABEL_OVER - lineWidth(thing.exit);
      const along = [x - leaves[i].half, y + Math.max(start, 0) - LABEL_FROM_TAIL, thing.exit];
      laid.labels.push(leaves[i].told ? along : [x + leaves[i].out, y + leaves[i].glyphHeight, thing.exit]);
    });
    laid.skips = body.skips;
    laid.weight = region.weight;
    laid.parted = partedOf(figure, flows);
    laid.wires = wiresOf(laid, body, -left, foot, framed !== null);
    laid.roles = this.rolesOf(laid);
    leaves.filter((leaf) => leaf.isRound).forEach((leaf) => touch(leaf, laid));
    laid.numbers = leaves.flatMap((leaf, i) => {
      const runs = this.atlas.faces[figure.things[i].face].numbers;
      if (inner.has(i) || !runs) return [];
      const ends = leaf.incoming.map((f) => [flows[f], laid.wires.get(f).at(-1)]);
      return numbers(leaf, laid.things.get(i), ends, runs);
    });
    return laid;
  }
}

/** What enters a circle beside its lowest point goes on to its outline. */
function touch(circle, { things, wires }) {
  const [x, y] = things.get(circle.thing);
  for (const flow of circle.incoming) {
    const tip = wires.get(flow).at(-1);
    if (Math.abs(tip[1] - y) >= STRAIGHT || Math.abs(tip[0] - x) >= circle.half) continue;
    wires.get(flow).splice(-1, 1, [tip[0], y + circle.middle - circle.halfAt(tip[0] - x)]);
  }
}

/** Outputs whose values go on to other things inside. */
function partedOf(figure, flows) {
  const outputs = new Map(figure.outputs.map((thing, port) => [thing, port]));
  const key = ({ tail, tailPort }) => `${tail} ${tailPort}`;
  const used = new Set(flows.filter(({ head }) => !outputs.has(head)).map(key));
  const ends = flows.filter((flow) => outputs.has(flow.head) && (flow.parted || used.has(key(flow))));
  return new Set(ends.map(({ head }) => outputs.get(head)));
}

/** One for each port of a frame, one for each different value of anything else. */
function flowsOf(figure, tree) {
  const flows = [];
  figure.things.forEach((thing, head) => {
    const fed = new Set();
    thing.feed.forEach(([tail, tailPort, value], headPort) => {
      const key = `${tail} ${tailPort}`;
      if (tree.has(head) || !fed.has(key)) flows.push({ tail, head, value, tailPort, headPort });
      fed.add(key);
    });
  });
  return flows;
}

/** The ways to break a caption's parts into lines, the fewest lines first. */
function brokenLines(parts) {
  if (parts.length < 3) return [[parts], parts.map((part) => [part])].slice(0, parts.length);
  const [name, label, detail] = parts;
  return [[[name, label, detail]], [[name, label], [detail]], [[name], [label, detail]], [[name], [label], [detail]]];
}

const partsWidth = (line) => line.reduce((sum, part) => sum + lineWidth(part), PART_GAP * (line.length - 1));
const widest = (lines) => Math.max(...lines.map(partsWidth));

function captionAt(lines, left, right, x, cost) {
  const placed = lines.flatMap((line, k) => {
    let at = x - PART_GAP;
    return line.map((part, i) => {
      at += PART_GAP + (i ? lineWidth(line[i - 1]) : 0);
      return [at, CAPTION_LINE + NEXT_LINE * k, part];
    });
  });
  return { left, right, placed, room: CAPTION_LINE + NEXT_LINE * (lines.length - 1) + BELOW, cost };
}

/** Left or right of the wires, which pass at `ends`: in the lines and at the side that widen the frame least. */
function captionAbove(parts, ends, left, right) {
  const size = (way) => way.right - way.left + way.room + way.cost;
  const ways = brokenLines(parts).flatMap((lines) => {
    if (!ends.length) {
      return [captionAt(lines, left, Math.max(right, left + widest(lines) + 2 * INSET), left + INSET, 0)];
    }
    const need = widest(lines) + INSET + FROM_WIRE;
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const before = need > low - left ? [low - need, Math.max(right, high + need)] : [left, right];
    const after = need > right - high ? [Math.min(left, low - need), high + need] : [left, right];
    const atLeft = captionAt(lines, ...before, before[0] + INSET, 0);
    return [atLeft, captionAt(lines, ...after, high + FROM_WIRE, AT_RIGHT)];
  });
  return ways.reduce((best, way) => (size(way) < size(best) ? way : best));
}

/** Above what flows to the right; `right` tells by how much the frame becomes longer. */
function captionBeside(parts, length) {
  const ways = brokenLines(parts).map((lines) => {
    return captionAt(lines, 0, Math.max(widest(lines) + 2 * INSET - length, 0), INSET, 0);
  });
  return ways.reduce((best, way) => (way.right + way.room < best.right + best.room ? way : best));
}

/** How far above the lower and below the upper side of what a frame holds only upright lines are. */
function clearOf(figure, body, leaves, height) {
  let [low, high] = [height, 0];
  const meet = (a, b) => {
    low = Math.min(low, a);
    high = Math.max(high, b);
  };
  for (const [i, [, y]] of body.things) if (figure.things[i].kind === "node") meet(y, y + leaves[i].height);
  for (const pieces of body.pieces.values()) {
    for (const line of pieces) {
      for (let k = 1; k < line.length; k += 1) {
        if (Math.abs(line[k][0] - line[k - 1][0]) > STRAIGHT) meet(line[k - 1][1], line[k - 1][1]);
      }
    }
  }
  return [low, height - high];
}

/** The pieces of each flow in one line; from the side of a frame where it enters, to that where it leaves. */
function wiresOf(laid, body, dx, dy, isFramed) {
  const { figure, flows } = laid;
  const wires = new Map();
  for (const [flow, pieces] of body.pieces) {
    pieces.sort((a, b) => a[0][1] - b[0][1] || a[a.length - 1][1] - b[b.length - 1][1]);
    const line = pieces.flat().map(([x, y]) => [x + dx, y + dy]);
    if (isFramed && figure.things[flows[flow].tail].kind === "input") line.unshift([line[0][0], 0]);
    if (isFramed && figure.things[flows[flow].head].kind === "output") line.push([line[line.length - 1][0], laid.height]);
    wires.set(flow, straightened(line));
  }
  return wires;
}

/** Without points that stand still or lie between two others. */
function straightened(line) {
  const kept = [];
  for (const point of line) {
    const last = kept[kept.length - 1];
    if (last && near(last[0], point[0]) && near(last[1], point[1])) continue;
    if (kept.length > 1 && between(kept[kept.length - 2], last, point)) kept.pop();
    kept.push(point);
  }
  return kept;
}

const near = (a, b) => Math.abs(a - b) < 0.02;

function between(a, b, c) {
  return (near(a[0], b[0]) && near(b[0], c[0])) || (near(a[1], b[1]) && near(b[1], c[1]));
}
