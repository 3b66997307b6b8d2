// Where the cells of rows stand, as in columns.py: the trunk straight, the others beside it in text order.
import { COLUMN_GAP, Leaf, Series } from "./regions.js";

export const FAN = 6; // more uses than that, and a value is no part of the trunk; its lane is the nearest

/** Places of the cells' axes, the trunk's lowest at 0, and where the trunk ends. `flows`: the first flow between two. */
export function columns(cells, order, row, flows, last) {
  const { below, length } = continues(cells, order, row, [...flows.values()]);
  const step = (tail, head) => rise(cells[tail], cells[head], flows.get(`${tail} ${head}`)[2]);
  const trunk = trunkOf(cells, order, below, length, last);
  const rows = Array.from({ length: largest(row) + 1 }, () => []);
  const byText = cells.map((_, i) => i).sort((a, b) => order[a] - order[b]);
  for (const i of byText) rows[row[i]].push(i);
  const xs = cells.map(() => 0);
  for (const members of rows) {
    const wish = new Map(members.map((i) => [i, below[i] === null ? 0 : xs[below[i]] + step(below[i], i)]));
    members.sort((a, b) => wish.get(a) - wish.get(b) || order[a] - order[b]);
    stand(cells, xs, members, wish, trunk);
  }
  const above = new Map();
  for (let i = below.length - 1; i >= 0; i -= 1) if (below[i] !== null) above.set(below[i], i);
  for (const members of rows.reverse()) {
    const free = (i) => above.has(i) && !trunk.has(i);
    const wish = new Map(members.map((i) => [i, free(i) ? xs[above.get(i)] - step(i, above.get(i)) : xs[i]]));
    stand(cells, xs, members, wish, trunk);
  }
  const upward = [...trunk].sort((a, b) => row[a] - row[b]);
  const shift = xs[upward[0]];
  const top = upward[upward.length - 1];
  return { xs: xs.map((x) => x - shift), out: xs[top] + cells[top].out - shift };
}

export function largest(numbers) {
  return numbers.reduce((a, b) => Math.max(a, b));
}

/** From the axis of a cell to that of the one above it, where the flow between them goes straight up. */
function rise(tail, head, flow) {
  const begin = endOf(tail, -1);
  const end = endOf(head, 0);
  const leaves = begin instanceof Leaf && begin.isFrame ? tail.exit.get(flow) : tail.out;
  return leaves - (end instanceof Leaf && end.isFrame ? head.entry.get(flow) : 0);
}

/** What is first or last in a series. */
export function endOf(region, at) {
  let end = region;
  while (end instanceof Series) end = end.regions.at(at);
  return end;
}

/** As near as can be to where they wish; the trunk exactly there, the others make room. */
function stand(cells, xs, members, wish, trunk) {
  let pinned = members.findIndex((i) => trunk.has(i));
  if (pinned < 0) pinned = Math.floor(members.length / 2);
  const first = members[pinned];
  xs[first] = wish.get(first);
  for (let k = pinned + 1; k < members.length; k += 1) {
    const before = members[k - 1];
    const me = members[k];
    xs[me] = Math.max(wish.get(me), xs[before] + cells[before].right + COLUMN_GAP - cells[me].left);
  }
  for (let k = pinned - 1; k >= 0; k -= 1) {
    const after = members[k + 1];
    const me = members[k];
    xs[me] = Math.min(wish.get(me), xs[after] + cells[after].left - COLUMN_GAP - cells[me].right);
  }
}

/** For each cell the one below it that ends the longest way, and how long the way up to the cell is. Of equal ways it is
 * the one from the first input. What goes to many cells is beside all of them. */
function continues(cells, order, row, pairs) {
  const tails = cells.map(() => []);
  const uses = cells.map(() => 0);
  for (const [tail, head] of pairs) {
    tails[head].push(tail);
    uses[tail] += 1;
  }
  const below = cells.map(() => null);
  const length = cells.map((cell) => cell.weight);
  const root = [...order];
  const isFew = (i) => Number(uses[i] <= FAN);
  const better = (a, b) => isFew(b) - isFew(a) || length[b] - length[a] || root[a] - root[b] || order[a] - order[b];
  const upward = cells.map((_, i) => i).sort((a, b) => row[a] - row[b]);
  for (const i of upward) {
    if (!tails[i].length) continue;
    const best = tails[i].reduce((a, b) => (better(a, b) > 0 ? b : a));
    below[i] = best;
    root[i] = root[best];
    length[i] += length[best];
  }
  return { below, length };
}

/** The longest way up; what is merely an output does not make it longer. */
function trunkOf(cells, order, below, length, last) {
  const isMere = (i) => last.has(i) && cells[i] instanceof Leaf;
  const worth = (i) => length[i] - (isMere(i) ? cells[i].weight : 0);
  const better = (a, b) => worth(b) - worth(a) || Number(isMere(a)) - Number(isMere(b)) || order[a] - order[b];
  let at = below.map((_, i) => i).reduce((a, b) => (better(a, b) > 0 ? b : a));
  const trunk = new Set();
  while (at !== null) {
    trunk.add(at);
    at = below[at];
  }
  return trunk;
}
