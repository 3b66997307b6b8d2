// Where flows pass the sides of regions, as in places.py, without a copy for each region that they pass: what a region
// takes over is moved as a whole, and what several hold is put into the largest of them.

/** From flows to places along a side, in the order in which they came. */
export class Places {
  constructor(at = []) {
    this.front = new Map(); // what stands before the others, the last first
    this.back = new Map(at);
    this.by = 0; // how far all of them were moved
  }

  get size() {
    return this.front.size + this.back.size;
  }

  has(flow) {
    return this.back.has(flow) || this.front.has(flow);
  }

  get(flow) {
    const found = this.back.get(flow);
    return (found === undefined ? this.front.get(flow) : found) + this.by;
  }

  set(flow, x) {
    (this.front.has(flow) ? this.front : this.back).set(flow, x - this.by);
  }

  *[Symbol.iterator]() {
    if (this.front.size) for (const [flow, x] of [...this.front].reverse()) yield [flow, x + this.by];
    for (const [flow, x] of this.back) yield [flow, x + this.by];
  }

  copy() {
    return new Places(this);
  }

  /** The same places from another origin. It takes this one's place: what is added to one is in the other too. */
  moved(by) {
    const made = new Places();
    Object.assign(made, { front: this.front, back: this.back, by: this.by + by });
    return made;
  }
}

/** All of the parts [places, by] in their order, each moved so far; the largest becomes the whole. */
export function joined(parts) {
  if (!parts.length) return new Places();
  const most = Math.max(...parts.map(([places]) => places.size));
  const largest = parts.findIndex(([places]) => places.size === most);
  const made = parts[largest][0].moved(parts[largest][1]);
  for (const [places, off] of parts.slice(0, largest).reverse()) {
    for (const [flow, x] of [...places].reverse()) made.front.set(flow, x + off - made.by);
  }
  for (const [places, off] of parts.slice(largest + 1)) {
    for (const [flow, x] of places) made.back.set(flow, x + off - made.by);
  }
  return made;
}

/** What is in any of the sets; the largest becomes the whole. */
export function united(sets) {
  const made = sets.reduce((largest, set) => (set.size > largest.size ? set : largest));
  for (const other of sets) if (other !== made) for (const item of other) made.add(item);
  return made;
}
