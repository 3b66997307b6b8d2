// Which regions a body consists of, as in structure.py: its flows, reduced until series and parallel branches show. What
// is left when nothing reduces any further is split at the things that all flow passes; each knot is laid out in rows.
import { Parallel } from "./parallel.js";
import { Places } from "./places.js";
import { Region, Series } from "./regions.js";
import { Rows } from "./rows.js";

const START = -1;
const END = -2;

/** A way from `tail` to `head`: flows that go straight, and branches, which are chains {first, thing, last}. */
function linkOf(tail, head, flows = [], branches = []) {
  return { tail, head, flows, branches };
}

const isBare = (link) => !link.branches.length;

/** Cells and wires of a `Rows` while it is made. */
class Knot {
  constructor() {
    this.cells = [];
    this.ranks = [];
    this.inputs = new Set();
    this.last = new Set();
    this.wires = [];
  }

  add(region, rank) {
    this.cells.push(region);
    this.ranks.push(rank);
    return this.cells.length - 1;
  }

  tie(flows, tail, head) {
    for (const flow of flows) this.wires.push({ flow, tail, head });
  }
}

/** The links of one body. */
export class Structure {
  constructor(leaves, flows) {
    this.leaves = leaves;
    this.flows = flows;
    const ends = [START, END, ...leaves.keys()];
    this.ahead = new Map(ends.map((at) => [at, new Map()]));
    this.behind = new Map(ends.map((at) => [at, new Map()]));
  }

  region() {
    this.flows.forEach((flow, i) => this.add(linkOf(flow.tail, flow.head, [i])));
    for (const i of this.leaves.keys()) {
      if (!this.behind.get(i).size) this.add(linkOf(START, i));
      if (!this.ahead.get(i).size) this.add(linkOf(i, END));
    }
    this.reduce();
    return this.series(this.spine());
  }

  // ------------------------------------------------------------ reduction

  add(link) {
    const known = this.ahead.get(link.tail).get(link.head);
    if (known) {
      known.flows.push(...link.flows);
      known.branches.push(...link.branches);
      return;
    }
    this.ahead.get(link.tail).set(link.head, link);
    this.behind.get(link.head).set(link.tail, link);
  }

  reduce() {
    const waiting = [...this.leaves.keys()].reverse();
    const gone = new Set();
    while (waiting.length) {
      const at = waiting.pop();
      if (gone.has(at) || this.ahead.get(at).size !== 1 || this.behind.get(at).size !== 1) continue;
      gone.add(at);
      const [first] = this.behind.get(at).values();
      const [last] = this.ahead.get(at).values();
      this.behind.delete(at);
      this.ahead.delete(at);
      this.ahead.get(first.tail).delete(at);
      this.behind.get(last.head).delete(at);
      this.add(linkOf(first.tail, last.head, [], [chainOf(first, at, last)]));
      for (const end of [first.tail, last.head]) if (end >= 0) waiting.push(end);
    }
  }

  // ------------------------------------------------------------ what is left, as a line of things, links and knots

  spine() {
    const order = this.inOrder();
    const rank = new Map(order.map((at, k) => [at, k]));
    const parts = [];
    let since = 0;
    let reach = 0;
    order.forEach((at, k) => {
      if (reach <= k) {
        if (k) parts.push(...this.between(order, since, k));
        if (at >= 0) parts.push(at);
        since = k;
      }
      for (const head of this.ahead.get(at).keys()) reach = Math.max(reach, rank.get(head));
    });
    return parts;
  }

  /** The remaining things so that flow goes forward, the text's order where there is a choice. */
  inOrder() {
    const left = new Map();
    for (const [at, links] of this.behind) if (at !== END) left.set(at, links.size);
    const ready = new Heap();
    ready.push(START);
    const order = [];
    while (ready.size) {
      const at = ready.pop();
      order.push(at);
      for (const head of this.ahead.get(at).keys()) {
        if (head === END) continue;
        left.set(head, left.get(head) - 1);
        if (!left.get(head)) ready.push(head);
      }
    }
    return [...order, END];
  }

  between(order, since, until) {
    const below = order[since];
    const above = order[until];
    if (until === since + 1) {
      const link = this.ahead.get(below).get(above);
      if (isBare(link)) return [];
      return link.branches.length === 1 && !link.flows.length ? flat(link.branches[0]) : [link];
    }
    const knot = this.knot(order.slice(since + 1, until), below, above);
    return [below !== START || above !== END ? knot : this.beside(knot, order[since + 1])];
  }

  /** What goes from inputs to outputs on its own stands beside the knot, not in its rows. */
  beside(knot, rank) {
    const link = this.ahead.get(START).get(END);
    if (!link) return knot;
    const made = [[rank, -1, knot], ...link.branches.map((b, i) => [b.begin, i, this.series(flat(b))])];
    made.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return new Parallel(made.map(([, , region]) => region), [], true, true, new Places(), this.flows);
  }

  /** Things and the links with branches become cells; bare flows become wires between them. A thing with one link in,
   * and what is on that link, are one cell. */
  knot(things, below, above) {
    const knot = new Knot();
    const index = new Map();
    for (const at of things) {
      const lead = this.lead(at);
      const parts = lead === null ? [] : lead.tail !== START ? [lead] : flat(lead.branches[0]).slice(1);
      index.set(at, knot.add(this.series([...parts, at]), lead === null ? at : firstOfLink(lead)));
      if (this.leaves[at].isInput) knot.inputs.add(index.get(at));
    }
    const cellOf = (at) => (index.has(at) ? index.get(at) : null);
    for (const at of [below, ...things]) {
      for (const [head, link] of this.ahead.get(at)) {
        if (at !== START || head !== END) this.tie(knot, link, cellOf(at), cellOf(head));
      }
    }
    if (above === END) {
      for (const at of things) if (!this.leaves[at].outgoing.length) knot.last.add(index.get(at));
    }
    return new Rows(knot.cells, knot.ranks, knot.wires, this.flows, knot.last, knot.inputs);
  }

  /** What a link becomes between two cells. */
  tie(knot, link, tail, head) {
    if (isBare(link)) {
      knot.tie(link.flows, tail, head);
      return;
    }
    const [entering, leaving] = [edgesOf(link, "first"), edgesOf(link, "last")];
    const leads = head !== null && this.lead(link.head) === link;
    if (link.tail === START) {
      for (const branch of link.branches) this.tieInput(knot, branch, link, head, leads);
    } else if (leads) {
      knot.tie(entering, tail, head);
    } else {
      const cell = knot.add(this.series([link]), firstOfLink(link));
      if (link.head === END) knot.last.add(cell);
      knot.tie(entering, tail, cell);
      knot.tie(leaving, cell, head);
    }
  }

  /** An input stays at the bottom, what follows it goes up to where it is needed. */
  tieInput(knot, branch, link, head, leads) {
    const parts = flat(branch);
    const leaving = edgesOf({ flows: [], branches: [branch] }, "last");
    const first = parts[0];
    const isThing = typeof first === "number";
    if (!isThing || !this.leaves[first].isInput || parts.length === 1) {
      const cell = knot.add(this.series(parts), branch.begin);
      if (link.head === END) knot.last.add(cell);
      if (!isThing || this.leaves[first].isInput) knot.inputs.add(cell);
      knot.tie(leaving, cell, head);
      return;
    }
    const start = knot.add(this.leaves[first], first);
    knot.inputs.add(start);
    if (leads) {
      knot.tie(this.leaves[first].outgoing, start, head);
      return;
    }
    const cell = knot.add(this.series(parts.slice(1)), first);
    if (link.head === END) knot.last.add(cell);
    knot.tie(this.leaves[first].outgoing, start, cell);
    knot.tie(leaving, cell, head);
  }

  /** What leads to a thing and to nothing else. */
  lead(at) {
    if (this.behind.get(at).size !== 1) return null;
    const [link] = this.behind.get(at).values();
    if (link.tail !== START) return isBare(link) ? null : link;
    const parts = link.branches.length === 1 ? flat(link.branches[0]) : [];
    const follows = parts.length > 1 && typeof parts[0] === "number" && this.leaves[parts[0]].isInput;
    return follows ? link : null;
  }

  // ------------------------------------------------------------ links to regions, children first, without recursion

  series(parts) {
    const made = new Map();
    const order = [];
    const stack = parts.filter(isLink);
    while (stack.length) {
      const link = stack.pop();
      order.push(link);
      for (const branch of link.branches) stack.push(...flat(branch).filter(isLink));
    }
    for (const link of order.reverse()) made.set(link, this.parallel(link, made));
    return this.stack(parts, made);
  }

  stack(parts, made) {
    const regions = parts.map((part) => {
      if (part instanceof Region) return part;
      return typeof part === "number" ? this.leaves[part] : made.get(part);
    });
    return regions.length === 1 ? regions[0] : new Series(regions, this.flows);
  }

  parallel(link, made) {
    const branches = [...link.branches].sort((a, b) => a.begin - b.begin);
    const above = link.head >= 0 ? this.leaves[link.head] : null;
    const frame = above && above.isFrame ? above : null;
    if (frame) {
      const ports = new Map(branches.map((branch) => [branch, this.port(branch, link)]));
      branches.sort((a, b) => ports.get(a) - ports.get(b));
    }
    const regions = branches.map((branch) => this.stack(flat(branch), made));
    if (regions.length === 1 && !link.flows.length && link.tail !== START && link.head !== END) return regions[0];
    const ports = frame ? frame.entry : new Places();
    const first = above && above.named ? above.incoming[0] : null;
    return new Parallel(regions, link.flows, link.tail === START, link.head === END, ports, this.flows, first);
  }

  /** The first port of an open block that a branch ends at: in their order no lines cross below it. */
  port(branch, link) {
    const leaving = edgesOf({ flows: [], branches: [branch] }, "last");
    return leaving.length ? Math.min(...leaving.map((f) => this.flows[f].headPort)) : 0;
  }
}

const isLink = (part) => typeof part === "object" && !(part instanceof Region);

/** The things of a chain and the links with branches between them, in order. */
function flat(chain) {
  const parts = [];
  const stack = [chain];
  while (stack.length) {
    const at = stack.pop();
    if (typeof at === "number") parts.push(at);
    else if ("thing" in at) stack.push(at.last, at.thing, at.first);
    else if (!at.flows.length && at.branches.length === 1) stack.push(at.branches[0]);
    else if (!isBare(at)) parts.push(at);
  }
  return parts;
}

/** Two links with a thing between them. `begin`: of its first things, the one that is first in the text. */
function chainOf(first, thing, last) {
  return { first, thing, last, begin: isBare(first) ? thing : Math.min(thing, first.branches[0].begin) };
}

function firstOfLink(link) {
  return Math.min(...link.branches.map((branch) => branch.begin));
}

/** The flows of a link at one side of it: those that enter its branches ("first"), or leave them ("last"). */
function edgesOf(link, side) {
  const found = [...link.flows];
  const stack = link.branches.map((branch) => branch[side]);
  while (stack.length) {
    const at = stack.pop();
    found.push(...at.flows);
    stack.push(...at.branches.map((branch) => branch[side]));
  }
  return found;
}

/** Numbers, the smallest first. */
class Heap {
  constructor() {
    this.items = [];
  }

  get size() {
    return this.items.length;
  }

  push(item) {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at && items[(at - 1) >> 1] > item) {
      items[at] = items[(at - 1) >> 1];
      at = (at - 1) >> 1;
    }
    items[at] = item;
  }

  pop() {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && items[child + 1] < items[child]) child += 1;
      if (items[child] >= last) break;
      items[at] = items[child];
      at = child;
    }
    if (items.length) items[at] = last;
    return top;
  }
}
