// Where the lines of one value part, as in junctions.py: what they share is drawn once, up to a dot, and each goes on
// from there. What several lines share looks as all of them do, or, where they differ, as a plain line.
const CLOSE = 0.05; // places so near each other are one

/** Cut the lines of one value, the numbers `group` of `wires`, where they part; add their trunks. */
export function part(wires, group) {
  if (group.length < 2) return;
  const lines = snapped(group.map((i) => wires[i].points));
  const forks = new Forks(lines);
  if (!forks.places.size) return;
  const trunks = new Map(); // by the place where each ends
  lines.forEach((line, k) => {
    let above = group[k];
    let isTrunk = false;
    for (const piece of forks.pieces(line)) {
      if (isTrunk) {
        const id = `${wires[group[k]].id} ${wires.length}`;
        wires.push({ points: piece, skip: true, training: true, arrow: false, after: null, id });
        wires[above].after = wires.length - 1;
        above = wires.length - 1;
        trunks.set(String(piece[piece.length - 1]), above);
      } else wires[above].points = piece;
      isTrunk = true;
      if (trunks.has(String(piece[0]))) {
        wires[above].after = trunks.get(String(piece[0]));
        break;
      }
    }
  });
  for (const i of group) tell(wires, i);
}

/** A trunk looks as all lines do that leave it. */
function tell(wires, at) {
  let { skip, training, after } = wires[at];
  while (after !== null) {
    const trunk = wires[after];
    [skip, training] = [skip && trunk.skip, training && trunk.training];
    if (skip === trunk.skip && training === trunk.training) return;
    Object.assign(trunk, { skip, training });
    after = trunk.after;
  }
}

/** All of a line, from where its value begins. */
export function wayOf(wires, at) {
  const pieces = [];
  for (let i = at; i !== null; i = wires[i].after) pieces.push(wires[i].points);
  return pieces.reverse().flat();
}

/** Where lines part: {x, y, skip}. */
export function dotsOf(wires) {
  const trunks = new Set(wires.map(({ after }) => after));
  trunks.delete(null);
  return [...trunks].map((i) => {
    const { points, skip } = wires[i];
    const [x, y] = points[points.length - 1];
    return { x, y, skip };
  });
}

/** With equal numbers for what is one place; without points that stand still. */
function snapped(lines) {
  const xs = equal(lines.flat().map(([x]) => x));
  const ys = equal(lines.flat().map(([, y]) => y));
  return lines.map((line) => {
    const points = line.map(([x, y]) => [xs.get(x), ys.get(y)]);
    return points.filter(([x, y], i) => !i || points[i - 1][0] !== x || points[i - 1][1] !== y);
  });
}

function equal(places) {
  const found = new Map();
  let first = -Infinity;
  for (const place of places.sort((a, b) => a - b)) {
    if (place - first >= CLOSE) first = place;
    found.set(place, first);
  }
  return found;
}

/** The places from which lines go on in more than one direction. */
class Forks {
  constructor(lines) {
    this.covered = new Map(); // upright or level, at which place, forwards or backwards -> {begins, ends}
    for (const line of lines) {
      for (let k = 1; k < line.length; k += 1) {
        const [[ax, ay], [bx, by]] = [line[k - 1], line[k]];
        const [place, begin, end] = ax === bx ? [ax, ay, by] : [ay, ax, bx];
        const sign = begin < end ? 1 : -1;
        const way = `${ax === bx} ${place} ${sign}`;
        if (!this.covered.has(way)) this.covered.set(way, []);
        this.covered.get(way).push([sign * begin, sign * end]);
      }
    }
    for (const [way, stretches] of this.covered) this.covered.set(way, merged(stretches));
    this.places = new Map();
    for (const line of lines) {
      for (const point of line.slice(1, -1)) if (this.leaving(point) > 1) this.places.set(String(point), point);
    }
    this.on = new Map();
    const push = (key, place) => {
      if (!this.on.has(key)) this.on.set(key, []);
      this.on.get(key).push(place);
    };
    for (const [x, y] of this.places.values()) {
      push(`true ${x}`, y);
      push(`false ${y}`, x);
    }
    for (const places of this.on.values()) places.sort((a, b) => a - b);
  }

  leaving([x, y]) {
    let found = 0;
    for (const [way, along] of [[`true ${x}`, y], [`false ${y}`, x]]) {
      for (const sign of [1, -1]) {
        const { begins, ends } = this.covered.get(`${way} ${sign}`) || { begins: [], ends: [] };
        const k = after(begins, sign * along) - 1;
        if (k >= 0 && sign * along < ends[k]) found += 1;
      }
    }
    return found;
  }

  /** What lies between forks, the last piece first. */
  *pieces(line) {
    let piece = [line[line.length - 1]];
    for (let k = line.length - 2; k >= 0; k -= 1) {
      for (const fork of this.between(line[k + 1], line[k])) {
        yield [fork, ...piece.reverse()];
        piece = [fork];
      }
      const last = piece[piece.length - 1];
      if (last[0] !== line[k][0] || last[1] !== line[k][1]) piece.push(line[k]);
    }
    if (piece.length > 1) yield piece.reverse();
  }

  /** The forks from one point to another, without the first. */
  *between(late, early) {
    const isUpright = late[0] === early[0];
    const [place, begin, end] = isUpright ? [late[0], late[1], early[1]] : [late[1], late[0], early[0]];
    const on = this.on.get(`${isUpright} ${place}`) || [];
    const point = (k) => (isUpright ? [place, on[k]] : [on[k], place]);
    if (begin > end) for (let k = before(on, begin) - 1; k >= before(on, end); k -= 1) yield point(k);
    else for (let k = after(on, begin); k < after(on, end); k += 1) yield point(k);
  }
}

/** Where lines on each other begin and end together. */
function merged(stretches) {
  const [begins, ends] = [[], []];
  for (const [begin, end] of stretches.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (ends.length && begin <= ends[ends.length - 1]) {
      ends[ends.length - 1] = Math.max(ends[ends.length - 1], end);
    } else {
      begins.push(begin);
      ends.push(end);
    }
  }
  return { begins, ends };
}

/** How many of sorted numbers are smaller. */
function before(sorted, at) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of sorted numbers are smaller or equal. */
function after(sorted, at) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
