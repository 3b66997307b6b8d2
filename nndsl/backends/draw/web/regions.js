// Boxes of boxes, as in regions.py: a `Leaf` is one thing that is drawn, a `Series` stacks regions along the flow, a
// `Parallel` puts branches side by side, `Rows` (in rows.js) holds what is neither. Each region owns its rectangle and
// the wires inside it. y grows along the flow; x = 0 is a region's axis, y = 0 its lower side.
import { connect } from "./channel.js";
import { leave, PIN, spread } from "./pins.js";
import { joined, Places, united } from "./places.js";

export const COLUMN_GAP = 26;
const POINT_GAP = 8; // between the inputs of a block, below the ports of another
export const LANE_GAP = 20; // between a column and the first wire at its side
export const LANE = 12; // between wires at a side
export const LABEL_OVER = 6; // of a label along a box, behind its end

/** Base: `measure` runs once all children are measured, `settle` places them afterwards. */
export class Region {
  constructor() {
    this.left = this.right = this.out = this.height = 0;
    this.weight = 1; // how many things follow each other inside
    this.entry = new Places(); // where each flow passes the lower side
    this.exit = new Places();
    this.skips = new Set(); // flows that pass this region at its side
    this.bypasses = new Set(); // those of a value that also goes into it: shown as skip connections
    this.pieces = [];
    this.children = [];
  }

  /** What lies inside, before it is measured. */
  parts() {
    return [];
  }

  adopt(child, x, y) {
    this.children.push([child, x, y]);
    this.left = Math.min(this.left, x + child.left);
    this.right = Math.max(this.right, x + child.right);
  }

  wire(flow, points) {
    this.pieces.push([flow, points]);
    for (const [x] of points) {
      this.right = Math.max(this.right, x);
      this.left = Math.min(this.left, x);
    }
  }
}

/** One thing: a box, a circle, an open frame, a point of the border. `strip`: room for the label at its exit; `told`: a
 * label stands along its left side; `named`: each line enters below its name, `pin` apart, and none from a side;
 * `isOrdered`: its operands must not be taken for each other. */
export class Leaf extends Region {
  constructor(thing, width, height) {
    super();
    this.thing = thing;
    this.half = width / 2;
    this.glyphHeight = height;
    this.strip = 0;
    this.isRound = this.isOrdered = this.isFrame = this.isInput = this.told = this.named = false;
    this.pin = PIN;
    this.incoming = [];
    this.outgoing = [];
    this.left = -this.half;
    this.right = this.half;
  }

  /** Ports as distances from the left side of the frame. */
  setFrame(portsIn, portsOut, flows) {
    this.isFrame = true;
    const axis = portsIn.length ? portsIn[0] : portsOut.length ? portsOut[0] : this.half;
    this.left = -axis;
    this.right = 2 * this.half - axis;
    this.out = portsOut.length ? portsOut[0] - axis : 0;
    this.entry = new Places(this.incoming.map((f) => [f, portsIn[flows[f].headPort] - axis]));
    this.exit = new Places(this.outgoing.map((f) => [f, portsOut[flows[f].tailPort] - axis]));
  }

  /** Flows of one value leave at one place; what enters is spread. */
  setPins(flows) {
    const ports = new Map();
    for (const f of this.outgoing) {
      const { value, tailPort } = flows[f];
      ports.set(value, Math.min(tailPort, ports.has(value) ? ports.get(value) : Infinity));
    }
    const values = [...ports.keys()].sort((a, b) => ports.get(a) - ports.get(b));
    const together = new Set(this.outgoing.map((f) => flows[f].head)).size === 1;
    const places = spread(values.length, this.half, !together);
    const at = new Map(values.map((value, i) => [value, places[i]]));
    this.exit = new Places(this.outgoing.map((f) => [f, at.get(flows[f].value)]));
    const pins = spread(this.incoming.length, this.half, false, this.pin);
    this.entry = new Places(this.incoming.map((f, i) => [f, pins[i]]));
  }

  /** Keep room for a shape beside the wire that leaves: so much of it before or after the wire. */
  label(strip, before, after) {
    this.strip = strip;
    if (before) this.left = Math.min(this.left, this.out - before - 6);
    if (after) this.right = Math.max(this.right, this.out + 6 + after);
  }

  /** Keep room for a shape along its left side, which may end a little after it. */
  labelAlong(line, length) {
    this.told = true;
    this.strip = Math.max(length - this.glyphHeight - LABEL_OVER, 0);
    this.left = -this.half - line;
  }

  measure() {
    this.height = this.glyphHeight + this.strip;
    if (!this.strip) return;
    for (const [flow, x] of this.exit) this.wire(flow, upright(x, this.glyphHeight, this.height));
  }

  get middle() {
    return this.glyphHeight / 2;
  }

  /** Half its width, so far above or below its middle. */
  halfAt(off) {
    return this.isRound ? Math.sqrt(Math.max(this.half ** 2 - off ** 2, 1)) : this.half;
  }
}

const upright = (x, from, to) => [[x, from], [x, to]];

/** One region after another along the flow, each aligned with the exit of the one below. */
export class Series extends Region {
  constructor(regions, flows) {
    super();
    this.regions = regions;
    this.flows = flows;
  }

  parts() {
    return this.regions;
  }

  measure() {
    let below = this.regions[0];
    this.entry = passedOn(below, below.entry);
    this.values = valuesInto(below, this.flows);
    this.adopt(below, 0, 0);
    let x = 0;
    let y = below.height;
    for (const above of this.regions.slice(1)) {
      const aboveX = x + below.out - mainPort(below, above);
      if (isBox(below) && !isBox(above)) {
        const toward = [...below.exit].filter(([f]) => above.entry.has(f)).map(([f]) => [f, aboveX - x + above.entry.get(f)]);
        leave(below.exit, this.flows, toward, below.out, below.half);
      }
      y += connect(this, below, x, above, aboveX, y, this.flows);
      this.adopt(above, aboveX, y);
      x = aboveX;
      y += above.height;
      below = above;
    }
    this.height = y;
    this.out = x + below.out;
    this.exit = passedOn(below, below.exit).moved(x);
    this.skips = below.skips;
    this.bypasses = below.bypasses;
    this.weight = this.regions.reduce((sum, region) => sum + region.weight, 0);
  }
}

/** Lines enter and leave it anywhere at a side. */
const isBox = (region) => region instanceof Leaf && !region.isFrame;

/** Where the flow that goes straight on enters a frame, which need not be its first port. */
function mainPort(below, above) {
  if (!(above instanceof Leaf) || !above.isFrame) return 0;
  for (const [f, x] of below.exit) {
    if (Math.abs(x - below.out) < 0.01 && above.entry.has(f)) return above.entry.get(f);
  }
  return 0;
}

/** Branches side by side in the order of the text; flows that skip them run at the right. */
export class Parallel extends Region {
  /** `starts`: nothing is below, `ends`: nothing is above; `ports`: where an open block above takes the flows. */
  constructor(branches, skips, starts, ends, ports, flows) {
    super();
    this.branches = branches;
    this.passing = [...skips].sort((a, b) => a - b);
    this.skips = new Set(skips);
    this.starts = starts;
    this.ends = ends;
    this.ports = ports;
    this.flows = flows;
  }

  parts() {
    return this.branches;
  }

  measure() {
    this.height = Math.max(...this.branches.map((branch) => branch.height));
    this.weight = Math.max(...this.branches.map((branch) => branch.weight));
    const places = this.columns();
    const main = this.main();
    const axis = this.axis(places, main);
    const offs = places.map((x) => x - axis);
    this.branches.forEach((branch, i) => this.stand(branch, offs[i]));
    this.takeOver(offs);
    this.out = this.mainOut(places, axis, main);
    const goesRound = ({ parted, value }) => parted || this.values.has(value);
    for (const f of this.passing) if (goesRound(this.flows[f])) this.bypasses.add(f);
    for (const f of this.passing) this.values.add(this.flows[f].value);
    const below = this.belowPorts();
    let lane = this.right + LANE_GAP;
    for (const flow of this.passing) {
      if (below.has(flow)) lane = Math.max(lane, below.get(flow));
      this.wire(flow, upright(lane, 0, this.height));
      this.entry.set(flow, lane);
      this.exit.set(flow, lane);
      lane += LANE;
    }
  }

  /** Where what passes would go straight up into the open block above. */
  belowPorts() {
    const passing = this.ports.size ? this.passing.filter((f) => this.ports.has(f)) : [];
    if (!passing.length) return new Map();
    let axis = this.out;
    for (const [f, x] of this.exit) {
      if (Math.abs(x - this.out) >= 0.01 || !this.ports.has(f)) continue;
      axis -= this.ports.get(f);
      break;
    }
    return new Map(passing.map((f) => [f, axis + this.ports.get(f)]));
  }

  /** What the branches know of the flows that pass them. */
  takeOver(offs) {
    const { branches } = this;
    this.entry = joined(branches.map((branch, i) => [passedOn(branch, branch.entry), offs[i]]));
    this.exit = joined(branches.map((branch, i) => [passedOn(branch, branch.exit), offs[i]]));
    this.skips = united([this.skips, ...branches.map((branch) => branch.skips)]);
    this.bypasses = united([this.bypasses, ...branches.map((branch) => branch.bypasses)]);
    this.values = united(branches.map((branch) => valuesInto(branch, this.flows)));
  }

  /** Side by side, with more room between them where that brings them below their ports. The inputs of a block are
   * points, and may be as near each other as ports are. */
  columns() {
    const gap = this.arePoints() ? POINT_GAP : COLUMN_GAP;
    const places = [];
    let right = 0;
    let origin = null;
    for (const branch of this.branches) {
      let x = right - branch.left;
      const port = this.ports.size ? this.port(branch) : null;
      if (port !== null) {
        if (origin === null) origin = x + branch.out - port;
        x = Math.max(x, origin + port - branch.out);
      }
      places.push(x);
      right = x + branch.right + gap;
    }
    return places;
  }

  /** Are they the inputs of a block, which all go to one open block? */
  arePoints() {
    return this.ports.size > 0 && this.branches.every((b) => b instanceof Leaf && b.isInput && !b.half);
  }

  /** Where the flow that goes straight up out of a branch enters the open block above. */
  port(branch) {
    for (const [f, at] of branch.exit) {
      if (this.ports.has(f) && Math.abs(at - branch.out) < 0.01) return this.ports.get(f);
    }
    return null;
  }

  /** The branch that goes straight on, where one clearly is the trunk and the others are its side branches; into an open
   * block one does, whatever else it is given. */
  main() {
    const weights = this.branches.map((branch) => branch.weight);
    const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a]);
    if (order.length === 1 || (this.starts && this.ports.size)) return order[0];
    const atBorder = this.starts || this.ends;
    const longer = weights[order[0]] > (atBorder ? 1.2 : 1.5) * weights[order[1]];
    if (longer && (order.length === 2 || atBorder)) return order[0];
    return order.length % 2 ? Math.floor(order.length / 2) : null;
  }

  axis(places, main) {
    if (main !== null) return places[main];
    const right = Math.floor(places.length / 2);
    return (places[right - 1] + places[right]) / 2;
  }

  mainOut(places, axis, main) {
    const outs = this.branches.map((branch) => branch.out);
    if (main !== null) return places[main] + outs[main] - axis;
    const right = Math.floor(places.length / 2);
    return (places[right - 1] + outs[right - 1] + places[right] + outs[right]) / 2 - axis;
  }

  stand(branch, x) {
    const free = this.height - branch.height;
    const low = this.ends || (this.starts && beginsWithInput(branch));
    const y = low ? 0 : this.starts ? free : free / 2;
    this.adopt(branch, x, y);
    const top = y + branch.height;
    if (y) for (const [flow, at] of branch.entry) this.wire(flow, upright(x + at, 0, y));
    if (top < this.height) for (const [flow, at] of branch.exit) this.wire(flow, upright(x + at, top, this.height));
  }
}

/** To what holds the region, which may add to them; those of a leaf stay its own. */
function passedOn(region, places) {
  return region instanceof Leaf ? places.copy() : places;
}

/** The values of the flows that go in. */
function valuesInto(region, flows) {
  return region.values || new Set([...region.entry].map(([f]) => flows[f].value));
}

/** Several branches at once count as inputs: one of them may be. */
function beginsWithInput(region) {
  while (region instanceof Series) region = region.regions[0];
  return !(region instanceof Leaf) || region.isInput;
}

/** Measure all regions from the leaves up, then place them from the root down; no recursion, whatever the depth. */
export function settle(root) {
  const order = [];
  const stack = [root];
  while (stack.length) {
    const region = stack.pop();
    order.push(region);
    stack.push(...region.parts());
  }
  for (const region of order.reverse()) region.measure();
  const around = new Set(order.map((region) => region.bypasses)); // nests share them
  const body = { things: new Map(), pieces: new Map(), skips: new Set() };
  for (const bypasses of around) for (const flow of bypasses) body.skips.add(flow);
  const placing = [[root, 0, 0]];
  while (placing.length) {
    const [region, x, y] = placing.pop();
    if (region instanceof Leaf) body.things.set(region.thing, [x, y]);
    for (const [flow, points] of region.pieces) {
      if (!body.pieces.has(flow)) body.pieces.set(flow, []);
      body.pieces.get(flow).push(points.map(([px, py]) => [x + px, y + py]));
    }
    for (const [child, cx, cy] of region.children) placing.push([child, x + cx, y + cy]);
  }
  return body;
}
