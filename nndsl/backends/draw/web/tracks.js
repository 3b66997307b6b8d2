// Level lines in the gap between two rows, as in tracks.py: on which track each lies, so that no two run on each other.

export const NEAR = 4; // so close two lines seem to be one
const DETOUR = 6; // from a line that rises aside to its neighbours

/** A line that comes up at `x`, lies on a track, and goes on up at each of `tops`.
 * `aside`: where it rises from a lower track to its own, and the lower one, if it has two. */
export class Turn {
  constructor(x) {
    Object.assign(this, { x, tops: [], track: 0, aside: null });
  }

  span() {
    const places = [this.aside ? this.aside[0] : this.x, ...this.tops];
    return [Math.min(...places), Math.max(...places) + NEAR];
  }
}

/** Lines side by side, each the first that is free on all of its way. */
export class Tracks {
  constructor() {
    this.taken = []; // on each track: where ways begin and end, in order
  }

  take(low, high, least = 0) {
    for (let track = least; track < this.taken.length; track += 1) {
      const { begins, ends } = this.taken[track];
      const at = firstFrom(begins, low);
      if ((at === 0 || ends[at - 1] < low) && (at === begins.length || begins[at] > high)) {
        begins.splice(at, 0, low);
        ends.splice(at, 0, high);
        return track;
      }
    }
    while (this.taken.length < least) this.taken.push({ begins: [], ends: [] });
    this.taken.push({ begins: [low], ends: [high] });
    return this.taken.length - 1;
  }
}

/** A track for each turn, from the lowest, in the order given where there is a choice; how many there are.
 * What goes up in a column lies above what comes up there: else one would seem to feed what the other feeds. Where that
 * leads in a circle, a turn rises aside: at a place left of `edge` that is on none of the `walls`. */
export function arrange(turns, walls, edge) {
  const { above, waiting } = orderOf(turns);
  const ready = turns.map((_, i) => i).filter((i) => !waiting[i]);
  const least = turns.map(() => 0);
  const placed = new Set();
  const tracks = new Tracks();
  const places = [...walls, ...turns.flatMap((turn) => [turn.x, ...turn.tops])];
  const pins = [...new Set(places)].sort((a, b) => a - b);
  let stuck = 0;
  const release = (turn, track) => {
    for (const other of above[turn]) {
      least[other] = Math.max(least[other], track + 1);
      waiting[other] -= 1;
      if (!waiting[other]) ready.splice(firstFrom(ready, other), 0, other);
    }
  };
  while (placed.size < turns.length) {
    if (ready.length) {
      const at = ready.shift();
      turns[at].track = tracks.take(...turns[at].span(), least[at]);
      placed.add(at);
      if (!turns[at].aside) release(at, turns[at].track);
      continue;
    }
    while (placed.has(stuck) || turns[stuck].aside) stuck += 1;
    const turn = turns[stuck];
    const place = placeAside(turn.x, pins, edge);
    pins.splice(firstFrom(pins, place), 0, place);
    turn.aside = [place, tracks.take(Math.min(turn.x, place), Math.max(turn.x, place) + NEAR)];
    least[stuck] = Math.max(least[stuck], turn.aside[1] + 1);
    release(stuck, turn.aside[1]);
  }
  return tracks.taken.length;
}

/** The turns that must lie above each one, and how many must lie below it. */
function orderOf(turns) {
  const above = turns.map(() => []);
  const waiting = turns.map(() => 0);
  const order = turns.map((_, i) => i).sort((a, b) => turns[a].x - turns[b].x || a - b);
  const bottoms = order.map((i) => turns[i].x);
  turns.forEach((turn, i) => {
    const lower = new Set();
    for (const x of turn.tops) {
      for (let at = firstFrom(bottoms, x - NEAR); at < order.length && bottoms[at] < x + NEAR; at += 1) lower.add(order[at]);
    }
    lower.delete(i);
    for (const other of lower) above[other].push(i);
    waiting[i] = lower.size;
  });
  return { above, waiting };
}

/** The nearest where nothing else goes up; left of everything there is room. */
function placeAside(x, pins, edge) {
  for (let step = 1; ; step += 1) {
    for (const place of [x + DETOUR * step, x - DETOUR * step]) {
      const at = firstFrom(pins, place);
      const nearLeft = at > 0 && place - pins[at - 1] < DETOUR;
      const nearRight = at < pins.length && pins[at] - place < DETOUR;
      if (place < edge && !nearLeft && !nearRight) return place;
    }
  }
}

/** Where a number would stand in a sorted list, before its equals. */
function firstFrom(sorted, number) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
