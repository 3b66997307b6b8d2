// Branches side by side, as in parallel.py: where each stands, which of them is the trunk, and what passes them.
import { joined, united } from "./places.js";
import { COLUMN_GAP, LANE, LANE_GAP, Leaf, passedOn, Region, Series, upright, valuesInto } from "./regions.js";

const POINT_GAP = 8; // between the inputs of a block, below the ports of another

/** Branches side by side in the order of the text; flows that skip them run at the right. */
export class Parallel extends Region {
  /** `starts`: nothing is below, `ends`: nothing is above; `ports`: where an open block above takes the flows; `first`:
   * the flow into the first input of what is above, where that says what each of its inputs is. */
  constructor(branches, skips, starts, ends, ports, flows, first = null) {
    super();
    this.branches = branches;
    this.passing = [...skips].sort((a, b) => a - b);
    this.skips = new Set(skips);
    this.starts = starts;
    this.ends = ends;
    this.ports = ports;
    this.flows = flows;
    this.first = first;
  }

  parts() {
    return this.branches;
  }

  measure() {
    this.height = Math.max(...this.branches.map((branch) => branch.height));
    this.weight = Math.max(...this.branches.map((branch) => branch.weight));
    this.balance();
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

  /** What branches off the trunk and ends may change its side, to stand less far out; a mere output does not. */
  balance() {
    const trunk = this.trunk();
    if (this.starts || !this.ends || trunk === null || this.branches.some((branch) => branch.exit.size)) return;
    const before = this.branches.slice(0, trunk).reverse();
    const main = this.branches[trunk];
    const after = this.branches.slice(trunk + 1);
    const reach = [-main.left, main.right];
    const beside = [[], []];
    for (const [branch, side] of [...before.map((b) => [b, 0]), ...after.map((b) => [b, 1])]) {
      const width = branch.right - branch.left + COLUMN_GAP;
      const other = 1 - side;
      const stays = reach[side] + width;
      const moves = Math.max(reach[side], reach[other] + width);
      const at = stays - moves > width / 2 && !(branch instanceof Leaf) ? other : side;
      beside[at].push(branch);
      reach[at] += width;
    }
    this.branches = [...beside[0].reverse(), main, ...beside[1]];
  }

  /** The branch that goes straight on, where one clearly is the trunk and the others are its side branches; into an open
   * block one does, whatever else it is given; of inputs that have names it is the first. */
  main() {
    if (this.first !== null && this.starts) {
      const found = this.branches.findIndex((branch) => branch.exit.has(this.first));
      if (found >= 0) return found;
    }
    const count = this.branches.length;
    const trunk = this.trunk();
    if (trunk !== null) return trunk;
    return count % 2 ? Math.floor(count / 2) : null;
  }

  /** The one that clearly is longer. */
  trunk() {
    const weights = this.branches.map((branch) => branch.weight);
    const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a]);
    if (order.length === 1 || (this.starts && this.ports.size)) return order[0];
    const atBorder = this.starts || this.ends;
    const longer = weights[order[0]] > (atBorder ? 1.2 : 1.5) * weights[order[1]];
    return longer && (order.length === 2 || atBorder) ? order[0] : null;
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

/** Several branches at once count as inputs: one of them may be. */
function beginsWithInput(region) {
  while (region instanceof Series) region = region.regions[0];
  return !(region instanceof Leaf) || region.isInput;
}
