// What is neither a series nor parallel branches, as in rows.py: rows of cells, with wires that pass rows at the right.
// Each cell stands in the row below the first that needs it, so that wires go up. A wire to the next row bends in the
// gap between them. One that passes rows goes straight up where a column is free, else to the right of all cells.
import { arrivals, heights, STRAIGHT, TRACK } from "./channel.js";
import { columns, endOf, FAN, largest } from "./columns.js";
import { leave } from "./pins.js";
import { LANE, LANE_GAP, Leaf, Region } from "./regions.js";
import { arrange, Tracks, Turn } from "./tracks.js";

const ROW_GAP = 24;
const CLEAR = 9; // between a straight lane and the cells beside it
const MOST_SEEN = 300; // of cells above a value: more of them surely lead where it goes
const MOST_WIRES = 12;
const MOST_ROWS = 30; // of a lane that may stand between cells

const bendKey = (kind, x, value) => `${kind} ${x} ${value}`;

/** `wiring`: {flow, tail, head} between cells; null stands for what is below or above all of them. */
export class Rows extends Region {
  /** `order`: rank of the cells in the text; `last`: cells that are outputs; `inputs`: those that are inputs. */
  constructor(cells, order, wiring, flows, last, inputs) {
    super();
    Object.assign(this, { cells, order, wiring, flows, last, inputs });
    this.entering = cells.map(() => []);
    this.leaving = cells.map(() => []);
    this.rowY = [];
    this.gaps = [];
    this.heads = new Map(); // wire -> where it meets its cell
    this.sides = new Map(); // of what enters from the right: how far, and how high
  }

  parts() {
    return this.cells;
  }

  measure() {
    this.rank();
    this.members = Array.from({ length: largest(this.row) + 1 }, () => []);
    this.row.forEach((row, i) => this.members[row].push(i));
    const between = new Map();
    for (const { flow, tail, head } of this.wiring) {
      const key = `${tail} ${head}`;
      if (tail !== null && head !== null && !between.has(key)) between.set(key, [tail, head, flow]);
    }
    const { xs, out } = columns(this.cells, this.order, this.row, between, this.last);
    this.xs = xs;
    this.out = out;
    this.edge = largest(xs.map((x, i) => x + this.cells[i].right)) + LANE_GAP - CLEAR; // right of it are lanes only
    this.leave(new Map());
    const lanes = this.lanes(this.edge + CLEAR);
    const laneOf = new Map();
    for (const lane of lanes) for (const wire of lane.wires) laneOf.set(wire, lane);
    this.leave(laneOf);
    this.arrive(laneOf);
    this.turn(laneOf);
    this.heights();
    this.cells.forEach((cell, i) => this.adopt(cell, xs[i], this.rowY[this.row[i]]));
    for (const wire of this.wiring) this.drawWire(wire, laneOf.get(wire) || null);
    this.weight = this.members.length;
  }

  valueOf(wire) {
    return this.flows[wire.flow].value;
  }

  // ------------------------------------------------------------ rows

  rank() {
    const above = (this.above = this.cells.map(() => []));
    const waiting = this.cells.map(() => 0);
    for (const wire of this.wiring) {
      if (wire.head !== null) this.entering[wire.head].push(wire);
      if (wire.tail !== null) this.leaving[wire.tail].push(wire);
      if (wire.tail !== null && wire.head !== null) {
        above[wire.tail].push(wire.head);
        waiting[wire.head] += 1;
      }
    }
    this.row = this.cells.map(() => 0);
    const ready = this.cells.map((_, i) => i).filter((i) => !waiting[i]);
    const done = [];
    while (ready.length) {
      const at = ready.pop();
      done.push(at);
      for (const head of above[at]) {
        this.row[head] = Math.max(this.row[head], this.row[at] + 1);
        waiting[head] -= 1;
        if (!waiting[head]) ready.push(head);
      }
    }
    const top = largest(this.row);
    for (const at of done.reverse()) {
      if (this.last.has(at)) this.row[at] = top;
      else if (!this.inputs.has(at) && above[at].length && !this.onlyPrepares(at)) {
        this.row[at] = Math.min(...above[at].map((head) => this.row[head])) - 1;
      }
    }
  }

  /** Does it follow inputs that nothing else needs, and give one value? Then it stays beside them. */
  onlyPrepares(cell) {
    const given = new Set(this.leaving[cell].map((wire) => this.valueOf(wire)));
    const tails = this.entering[cell].map((wire) => wire.tail);
    if (!tails.length || tails.includes(null) || given.size > 1) return false;
    return tails.every((t) => this.inputs.has(t) && this.leaving[t].every((wire) => wire.head === cell));
  }

  // ------------------------------------------------------------ lanes

  lowOf(wire) {
    return wire.tail === null ? -1 : this.row[wire.tail];
  }

  highOf(wire) {
    return wire.head === null ? this.members.length : this.row[wire.head];
  }

  /** One for each value that passes rows: from the gap below `low` to the gap below `high`. */
  lanes(x) {
    const found = new Map();
    this.noteUses();
    for (const wire of this.wiring) {
      if (this.highOf(wire) - this.lowOf(wire) <= 1) continue;
      const key = `${wire.tail} ${this.valueOf(wire)}`;
      const high = this.highOf(wire);
      if (!found.has(key)) found.set(key, { low: this.lowOf(wire) + 1, high, wires: [], x: 0 });
      const lane = found.get(key);
      lane.high = Math.max(lane.high, high);
      lane.wires.push(wire);
      this.skips.add(wire.flow);
      if (this.goesRound(wire)) this.bypasses.add(wire.flow);
    }
    const span = (lane) => lane.high - lane.low;
    const lanes = [...found.values()];
    const isFan = (lane) => lane.wires.length > FAN;
    lanes.sort((a, b) => isFan(b) - isFan(a) || span(a) - span(b) || a.low - b.low || a.wires[0].flow - b.wires[0].flow);
    this.placeLanes(lanes, x);
    return lanes;
  }

  /** The cells that need each value, the lowest first. */
  noteUses() {
    this.uses = new Map();
    const upward = this.cells.map((_, i) => i).sort((a, b) => this.row[a] - this.row[b]);
    for (const head of upward) {
      for (const wire of this.entering[head]) {
        const key = `${wire.tail} ${this.valueOf(wire)}`;
        if (!this.uses.has(key)) this.uses.set(key, []);
        this.uses.get(key).push(head);
      }
    }
  }

  /** Straight up where a column is free, else at the right of everything. */
  placeLanes(lanes, x) {
    const tracks = new Tracks();
    this.upright = Array.from({ length: this.members.length + 1 }, () => []); // lines straight up through each gap
    for (const lane of lanes) {
      const free = this.columnsOf(lane, x).find((at) => this.isFree(at, lane));
      if (free === undefined) {
        lane.x = x + LANE * tracks.take(lane.low, lane.high);
        continue;
      }
      lane.x = free;
      for (let row = lane.low; row <= lane.high; row += 1) this.upright[row].push(free);
    }
  }

  columnsOf(lane, outside) {
    const tooLarge = lane.high - lane.low > MOST_ROWS || lane.wires.length > MOST_WIRES;
    if (tooLarge || lane.wires[0].tail === null || lane.wires.some((wire) => wire.head === null)) return [];
    const heads = lane.wires.map((wire) => this.xs[wire.head] + this.cells[wire.head].entry.get(wire.flow));
    return [this.tailX(lane.wires[0]), ...heads, ...this.besideOf(lane, outside)];
  }

  /** Close beside the cells that it passes, the nearer side first; skip connections stay at the right. */
  besideOf(lane, outside) {
    if (lane.wires.some((wire) => this.bypasses.has(wire.flow))) return [];
    let [left, right] = [Infinity, -Infinity];
    for (let row = lane.low; row < lane.high; row += 1) {
      for (const i of this.members[row]) {
        left = Math.min(left, this.xs[i] + this.cells[i].left);
        right = Math.max(right, this.xs[i] + this.cells[i].right);
      }
    }
    const places = [left - LANE, left - 2 * LANE, ...[right + LANE, right + 2 * LANE].filter((x) => x < outside - CLEAR)];
    const tail = this.tailX(lane.wires[0]);
    return places.sort((a, b) => Math.abs(a - tail) - Math.abs(b - tail));
  }

  isFree(x, lane) {
    for (let row = lane.low; row < lane.high; row += 1) {
      for (const i of this.members[row]) {
        const { left, right } = this.cells[i];
        if (this.xs[i] + left - CLEAR < x && x < this.xs[i] + right + CLEAR) return false;
      }
    }
    for (let row = lane.low; row <= lane.high; row += 1) {
      if (this.upright[row].some((other) => Math.abs(other - x) < CLEAR)) return false;
    }
    return true;
  }

  /** Does its value also go another way to its head? Then it skips what is on that way. */
  goesRound(wire) {
    const isParted = wire.tail !== null && this.flows[wire.flow].parted;
    const byRow = (a, b) => this.row[a] - this.row[b];
    const uses = this.uses.get(`${wire.tail} ${this.valueOf(wire)}`) || [];
    const heads = isParted ? [...this.above[wire.tail]].sort(byRow) : uses;
    if (wire.head === null) return heads.length > 0; // all that is here ends above
    const stack = [];
    for (const head of heads.slice(0, MOST_SEEN)) {
      if (this.row[head] >= this.row[wire.head]) break;
      stack.push(head);
    }
    const seen = new Set(stack);
    while (stack.length && seen.size < MOST_SEEN) {
      for (const head of this.above[stack.pop()]) {
        if (head === wire.head) return true;
        if (!seen.has(head) && this.row[head] < this.row[wire.head]) {
          seen.add(head);
          stack.push(head);
        }
      }
    }
    return seen.size >= MOST_SEEN;
  }

  /** Several values leave a box below where each goes: a lane, or what it enters. */
  leave(laneOf) {
    this.leaving.forEach((wires, tail) => {
      const cell = this.cells[tail];
      const end = endOf(cell, -1);
      if (wires.length < 2 || !(end instanceof Leaf) || end.isFrame) return;
      const goal = ({ head, flow }) => (head === null ? this.edge : this.xs[head] + this.cells[head].entry.get(flow));
      const place = (wire) => (laneOf.has(wire) ? laneOf.get(wire).x : goal(wire)) - this.xs[tail];
      leave(cell.exit, this.flows, new Map(wires.map((wire) => [wire.flow, place(wire)])), cell.out, end.half);
    });
  }

  /** Where each flow meets its cell: boxes spread what enters, the last one of a row takes lanes from its side. */
  arrive(laneOf) {
    const ends = new Map();
    this.row.forEach((row, i) => ends.set(row, Math.max(this.xs[i], ends.has(row) ? ends.get(row) : this.xs[i])));
    this.cells.forEach((cell, head) => {
      for (const wire of this.entering[head]) this.heads.set(wire, this.xs[head] + cell.entry.get(wire.flow));
      if (cell instanceof Leaf && !cell.isFrame) {
        this.arriveAtLeaf(cell, head, this.xs[head] === ends.get(this.row[head]), laneOf);
      }
    });
  }

  arriveAtLeaf(cell, head, isLast, laneOf) {
    const at = this.xs[head];
    const fromSide = (wire) => isLast && !cell.named && laneOf.has(wire) && laneOf.get(wire).x > at + cell.right;
    const wires = this.entering[head];
    this.enter(cell, at, wires.filter(fromSide), laneOf);
    const rest = new Map();
    for (const wire of wires) if (!fromSide(wire)) rest.set(wire.flow, wire);
    const inside = new Map();
    for (const [flow, wire] of rest) {
      const x = (laneOf.has(wire) ? laneOf.get(wire).x : this.tailX(wire)) - at;
      inside.set(flow, Math.min(Math.max(x, -cell.half), cell.half));
    }
    for (const [flow, x] of arrivals(cell, inside, new Set()).bottoms) this.heads.set(rest.get(flow), at + x);
  }

  enter(cell, x, wires, laneOf) {
    const order = [...wires].sort((a, b) => laneOf.get(a).x - laneOf.get(b).x || a.flow - b.flow);
    const offs = heights(cell, order.map((wire) => wire.flow), this.bypasses);
    for (const wire of order) {
      const off = offs.get(wire.flow);
      this.sides.set(wire, [x + cell.halfAt(off), cell.middle + off]);
    }
  }

  // ------------------------------------------------------------ gaps

  tailX(wire) {
    if (wire.tail === null) return this.heads.get(wire);
    return this.xs[wire.tail] + this.cells[wire.tail].exit.get(wire.flow);
  }

  /** What moves sideways in each gap, and on which tracks: what leaves below what enters, where there is a choice. */
  turn(laneOf) {
    this.turns = new Map();
    const touch = (gap, kind, x, wire, to) => {
      if (Math.abs(x - to) <= STRAIGHT) {
        this.upright[gap].push(x);
        return;
      }
      if (!this.turns.has(gap)) this.turns.set(gap, new Map());
      const value = this.valueOf(wire);
      const key = bendKey(kind, x, value);
      const turns = this.turns.get(gap);
      if (!turns.has(key)) turns.set(key, Object.assign(new Turn(x), { kind, value }));
      turns.get(key).tops.push(to);
    };
    for (const wire of this.wiring) {
      const lane = laneOf.get(wire);
      if (lane) {
        if (wire.tail !== null) touch(lane.low, "leave", this.tailX(wire), wire, lane.x);
        if (wire.head !== null && !this.sides.has(wire)) {
          touch(this.row[wire.head], "enter", lane.x, wire, this.heads.get(wire));
        }
      } else if (wire.tail !== null && wire.head !== null) {
        touch(this.row[wire.head], "leave", this.tailX(wire), wire, this.heads.get(wire));
      }
    }
    const rank = (turn) => Number(turn.kind === "enter");
    this.tracks = new Map();
    for (const [gap, turns] of this.turns) {
      const order = [...turns.values()].sort((a, b) => rank(a) - rank(b) || b.x - a.x || a.value - b.value);
      this.tracks.set(gap, arrange(order, this.upright[gap], this.edge));
    }
  }

  heights() {
    let y = 0;
    const tallest = this.members.map((members) => Math.max(0, ...members.map((i) => this.cells[i].height)));
    for (let gap = 0; gap <= tallest.length; gap += 1) {
      const count = this.tracks.get(gap) || 0;
      const inner = gap > 0 && gap < tallest.length;
      this.gaps.push(y);
      y += (inner ? ROW_GAP : 0) + TRACK * count + (count && !inner ? 12 : 0);
      if (gap < tallest.length) {
        this.rowY.push(y);
        y += tallest[gap];
      }
    }
    this.height = y;
  }

  level(gap, track) {
    return this.gaps[gap] + TRACK * (track + 1);
  }

  /** From where a bend comes up to above where it goes. */
  way(gap, key, to) {
    const { x, track, aside } = this.turns.get(gap).get(key);
    const level = this.level(gap, track);
    if (!aside) return [[x, level], [to, level]];
    const lower = this.level(gap, aside[1]);
    return [[x, lower], [aside[0], lower], [aside[0], level], [to, level]];
  }

  // ------------------------------------------------------------ wires

  drawWire(wire, lane) {
    const x = lane && wire.tail === null ? lane.x : this.tailX(wire);
    const value = this.valueOf(wire);
    const points = [[x, 0]];
    if (wire.tail === null) this.entry.set(wire.flow, x);
    else points[0][1] = this.rowY[this.row[wire.tail]] + this.cells[wire.tail].height;
    if (lane && wire.tail !== null && Math.abs(lane.x - x) > STRAIGHT) {
      points.push(...this.way(lane.low, bendKey("leave", x, value), lane.x));
    }
    const start = lane ? lane.x : x;
    if (wire.head === null) {
      this.exit.set(wire.flow, start);
      this.wire(wire.flow, [...points, [start, this.height]]);
      return;
    }
    const row = this.row[wire.head];
    if (this.sides.has(wire) && lane) {
      const [to, height] = this.sides.get(wire);
      this.wire(wire.flow, [...points, [lane.x, this.rowY[row] + height], [to, this.rowY[row] + height]]);
      return;
    }
    const to = this.heads.get(wire);
    if (Math.abs(start - to) > STRAIGHT && (lane || wire.tail !== null)) {
      points.push(...this.way(row, bendKey(lane ? "enter" : "leave", start, value), to));
    }
    this.wire(wire.flow, [...points, [to, this.rowY[row]]]);
  }
}
