// Wires between two regions, as in channel.py: they go up, along a track of their own, and up again. Everything that
// leaves at one place is one net: it shares a track.
import { AT_CIRCLE, goStraight } from "./pins.js";
import { Leaf } from "./regions.js";
import { arrange, NEAR, Turn } from "./tracks.js";

const GAP = 22; // a channel with straight wires only
const AFTER_LABEL = 12;
export const TRACK = 9;
const BELOW_HEAD = 18; // room for an arrowhead above the tracks
const MOST_TRACKS = 60;
export const STRAIGHT = 0.01;
const APART = 8; // arrowheads
const ASIDE = 14; // an arrowhead and a bend, of what enters from a side

/** Draw the channel between two regions of a series into `owner`; its height. */
export function connect(owner, below, belowX, above, aboveX, y, flows) {
  const lower = new Map();
  for (const [f, x] of below.exit) if (above.entry.has(f)) lower.set(f, belowX + x);
  let sides = new Map();
  let upper = new Map([...lower.keys()].map((f) => [f, aboveX + above.entry.get(f)]));
  if (above instanceof Leaf && !above.isFrame) {
    const places = new Map([...lower].map(([f, x]) => [f, x - aboveX]));
    const arrived = arrivals(above, places, below.skips);
    sides = arrived.sides;
    upper = new Map([...arrived.bottoms].map(([f, x]) => [f, aboveX + x]));
  }
  const nets = gather(lower, upper, flows);
  let tracks = assign(nets);
  if (runOnEachOther(nets)) tracks = rearrange(nets, lower);
  const base = below instanceof Leaf && below.strip && !tracks ? AFTER_LABEL : GAP;
  const height = base + TRACK * Math.max(tracks - 1, 0) + (tracks ? 8 : 0);
  drawNets(owner, nets, y, height);
  for (const side of [-1, 1]) {
    const order = [...sides.keys()].filter((f) => sides.get(f) === side);
    order.sort((a, b) => Math.abs(lower.get(a) - aboveX) - Math.abs(lower.get(b) - aboveX));
    for (const [f, off] of heights(above, order, below.bypasses)) {
      const [x, at] = [lower.get(f), y + height + above.middle + off];
      owner.wire(f, [
        [x, y],
        [x, at],
        [aboveX + side * above.halfAt(off), at],
      ]);
    }
  }
  return height;
}

/** Which flows enter a box from its left (-1) or right (1), and where at its lower side the others do. */
export function arrivals(leaf, places, skips) {
  const sides = new Map();
  for (const [f, x] of places) {
    const mayPass = leaf.isRound || (skips.has(f) && (x > 0 || !leaf.told));
    if (mayPass && !leaf.named && Math.abs(x) > leaf.half + ASIDE) sides.set(f, x > 0 ? 1 : -1);
  }
  const rest = [...places.keys()].filter((f) => !sides.has(f));
  rest.sort((a, b) => places.get(a) - places.get(b) || a - b);
  if (leaf.isRound && goStraight(rest.map((f) => places.get(f)))) {
    return { sides, bottoms: new Map(rest.map((f) => [f, places.get(f)])) };
  }
  const centre = rest.findIndex((f) => Math.abs(places.get(f)) < STRAIGHT);
  if (leaf.isOrdered && rest.length === 2) {
    const middle = centre >= 0 ? centre : 0.5;
    return { sides, bottoms: new Map(rest.map((f, i) => [f, AT_CIRCLE * (i - middle)])) };
  }
  if (leaf.isRound || rest.length <= 1) return { sides, bottoms: new Map(rest.map((f) => [f, 0])) };
  const middle = centre >= 0 ? centre : (rest.length - 1) / 2;
  const longest = Math.max(middle, rest.length - 1 - middle);
  const reach = Math.max(leaf.half - 6, 4);
  const step = Math.min(leaf.pin, reach / longest);
  const place = (i) => (step >= APART ? step * (i - middle) : sharedPlace((i - middle) / longest, reach));
  return { sides, bottoms: new Map(rest.map((f, i) => [f, place(i)])) };
}

/** Of more arrowheads than a side has room for: those that are near each other become one. */
function sharedPlace(part, reach) {
  const most = Math.floor(reach / APART);
  return most ? Math.sign(part) * Math.floor(Math.abs(part) * most + 0.5) * (reach / most) : 0;
}

/** How far from its middle each flow enters a side of a box, given from the lowest up. A circle takes all that are drawn
 * alike as one line; a box as many lines as have room. */
export function heights(leaf, flows, skips) {
  const kinds = [...new Set(flows.map((f) => skips.has(f)))];
  const joins = leaf.isRound && !leaf.isOrdered;
  const rank = (f, i) => (joins ? kinds.indexOf(skips.has(f)) : i);
  const count = Math.max(1, joins ? kinds.length : flows.length);
  const places = Math.min(count, Math.floor((leaf.glyphHeight - 8) / APART) + 1);
  const off = (r) => APART * (Math.floor((r * places) / count) - (places - 1) / 2);
  return new Map(flows.map((f, i) => [f, off(rank(f, i))]));
}

function gather(tails, heads, flows) {
  const nets = new Map();
  for (const flow of heads.keys()) {
    const x = tails.get(flow);
    const key = `${x} ${flows[flow].value}`;
    if (!nets.has(key)) nets.set(key, { x, heads: [], track: 0, aside: null });
    nets.get(key).heads.push([flow, heads.get(flow)]);
  }
  for (const net of nets.values()) {
    const places = net.heads.map(([, x]) => x);
    net.bends = places.some((x) => Math.abs(x - net.x) > STRAIGHT);
    net.low = Math.min(net.x, ...places);
    net.high = Math.max(net.x, ...places);
  }
  return [...nets.values()];
}

/** A track for each net that bends, so that wires do not cross where they need not; how many there are. */
function assign(nets) {
  const bent = nets.filter((net) => net.bends);
  const rightward = bent.filter((net) => net.low >= net.x).sort((a, b) => a.x - b.x);
  const leftward = bent.filter((net) => net.low < net.x).sort((a, b) => b.x - a.x);
  const taken = [];
  for (const group of [rightward, leftward]) {
    let lowest = 0;
    for (const net of group) {
      let track = lowest;
      while (track < taken.length && taken[track].some(([a, b]) => net.low <= b + 3 && a - 3 <= net.high)) track += 1;
      net.track = Math.min(track, MOST_TRACKS);
      if (net.track === taken.length) taken.push([]);
      if (net.track < taken.length) taken[net.track].push([net.low, net.high]);
      lowest = net.track;
    }
  }
  return taken.length;
}

/** Does one go up where another comes up, and from no higher than that lies? */
function runOnEachOther(nets) {
  const bent = nets.filter((net) => net.bends);
  if (bent.length < 2 || bent.length > MOST_TRACKS) return false;
  const isBelow = (net, x, other) => other !== net && Math.abs(other.x - x) <= NEAR && net.track >= other.track;
  return bent.some((net) => net.heads.some(([, x]) => bent.some((other) => isBelow(net, x, other))));
}

/** Tracks so that none runs on another; how many there are. */
function rearrange(nets, lower) {
  const isLeftward = (net) => Number(net.low < net.x);
  const bent = nets.filter((net) => net.bends);
  bent.sort((a, b) => isLeftward(a) - isLeftward(b) || (isLeftward(a) ? a.x - b.x : b.x - a.x));
  const turns = bent.map((net) => Object.assign(new Turn(net.x), { tops: net.heads.map(([, x]) => x) }));
  const count = arrange(turns, lower.values(), Infinity);
  turns.forEach(({ track, aside }, i) => {
    bent[i].track = count - 1 - track;
    bent[i].aside = aside && [aside[0], count - 1 - aside[1]];
  });
  return count;
}

function drawNets(owner, nets, y, height) {
  const level = (track) => Math.max(y + height - BELOW_HEAD - TRACK * track, y + 4);
  for (const net of nets) {
    const begin = [net.aside ? net.aside[0] : net.x, net.bends ? level(net.track) : y];
    const lead = [[net.x, y]];
    if (net.aside) lead.push([net.x, level(net.aside[1])], [net.aside[0], level(net.aside[1])]);
    for (const [flow, x] of net.heads) {
      const way = Math.abs(begin[0] - x) <= STRAIGHT ? [begin] : [begin, [x, begin[1]]];
      owner.wire(flow, [...lead, ...way, [x, y + height]]);
    }
  }
}
