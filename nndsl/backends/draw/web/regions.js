// Boxes of boxes, as in regions.py: a `Leaf` is one thing that is drawn, a `Series` stacks regions along the flow, a
// `Parallel` (in parallel.js) puts branches side by side, `Rows` (in rows.js) holds what is neither. Each region owns its
// rectangle and the wires inside it. y grows along the flow; x = 0 is a region's axis, y = 0 its lower side.
import { connect } from "./channel.js";
import { leave, leaveForCircle, PIN, spread } from "./pins.js";
import { Places } from "./places.js";

export const COLUMN_GAP = 26;
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

export const upright = (x, from, to) => [[x, from], [x, to]];

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
      } else if (isBox(below) && above.isRound) {
        leaveForCircle(below.exit, this.flows, below.out);
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

/** To what holds the region, which may add to them; those of a leaf stay its own. */
export function passedOn(region, places) {
  return region instanceof Leaf ? places.copy() : places;
}

/** The values of the flows that go in. */
export function valuesInto(region, flows) {
  return region.values || new Set([...region.entry].map(([f]) => flows[f].value));
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
