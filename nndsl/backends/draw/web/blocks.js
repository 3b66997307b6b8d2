// Which blocks are open, and the way to a thing: "4.0.2" is thing 2 in thing 0 in thing 4 of the model.
import { childId } from "./scene.js";

export const MOST_THINGS = 20000; // that are ever shown at once

export class Blocks {
  constructor(atlas) {
    this.atlas = atlas;
    this.setBase("start");
  }

  // ------------------------------------------------------------ things by their ways

  /** The things on the way to `id`, the outermost first, each with its own way. */
  chain(id) {
    const chain = [];
    let figure = this.atlas.figures[0];
    let way = "";
    for (const part of id.split(".")) {
      const thing = figure && figure.things[Number(part)];
      if (!thing) return [];
      way = childId(way, part);
      chain.push({ id: way, thing });
      figure = this.atlas.figures[thing.inside];
    }
    return chain;
  }

  thing(id) {
    const chain = this.chain(id);
    return chain.length ? chain[chain.length - 1].thing : null;
  }

  /** `layers.0.attention`: the labels on the way. */
  path(id) {
    const parts = [];
    const chain = this.chain(id);
    chain.forEach(({ thing }, i) => {
      parts.push(thing.label);
      if (thing.member && i < chain.length - 1) parts.push(thing.member);
    });
    return parts.join(".");
  }

  /** The way to what is called `path`, the first of that name; null: nothing is. Of equal layers in a row each name
   * leads to the one that is drawn. */
  wayTo(path, number = 0, id = "") {
    for (const [i, thing] of this.atlas.figures[number].things.entries()) {
      if (id && thing.kind !== "node") continue;
      const way = childId(id, i);
      for (const name of namesOf(thing, path)) {
        if (path === name) return way;
        if (thing.inside === undefined || !path.startsWith(`${name}.`)) continue;
        const found = this.wayTo(path.slice(name.length + 1), thing.inside, way);
        if (found) return found;
      }
    }
    return null;
  }

  canOpen(id) {
    const thing = this.thing(id);
    return thing !== null && thing.inside !== undefined;
  }

  /** Every thing, each followed by what is in it, until `visit` has seen `most` of them. */
  walk(visit, most = MOST_THINGS) {
    const stack = [{ number: 0, id: "", path: "", level: 0 }];
    let seen = 0;
    while (stack.length) {
      const at = stack.pop();
      if (at.thing) {
        seen += 1;
        if (seen > most) return false;
        if (visit(at) === false || at.thing.inside === undefined) continue;
      }
      const { things } = this.atlas.figures[at.thing ? at.thing.inside : 0];
      const prefix = at.thing ? `${at.path}.${at.thing.member ? `${at.thing.member}.` : ""}` : "";
      const level = at.thing && !at.thing.plain ? at.level + 1 : at.level;
      for (let i = things.length - 1; i >= 0; i -= 1) {
        if (at.thing && things[i].kind !== "node") continue;
        stack.push({ thing: things[i], id: childId(at.id, i), path: prefix + things[i].label, level });
      }
    }
    return true;
  }

  // ------------------------------------------------------------ open and closed

  /** The open things as a tree, for the layout. */
  tree(number = 0, id = "") {
    const tree = new Map();
    this.atlas.figures[number].things.forEach((thing, i) => {
      const way = childId(id, i);
      if (thing.inside !== undefined && this.open.has(way)) tree.set(i, this.tree(thing.inside, way));
    });
    return tree;
  }

  show(id) {
    const thing = this.thing(id);
    if (!thing || thing.inside === undefined) return;
    this.open.add(id);
    this.atlas.figures[thing.inside].things.forEach((inner, i) => {
      if (inner.plain) this.show(childId(id, i));
    });
  }

  close(id) {
    this.open.delete(id);
  }

  /** Open all that is around a thing, so that it is seen. */
  reveal(id) {
    let changed = false;
    for (const { id: way } of this.chain(id).slice(0, -1)) {
      if (this.open.has(way)) continue;
      this.show(way);
      changed = true;
    }
    return changed;
  }

  /** The innermost of `id` and what is around it that is seen now. */
  seen(id) {
    const chain = this.chain(id);
    const closed = chain.findIndex(({ id: way }) => !this.open.has(way));
    return chain.length ? chain[closed < 0 ? chain.length - 1 : closed].id : null;
  }

  /** "start", "all", or how deep. Gives false where that would be more than can be shown. */
  setBase(base) {
    this.base = base;
    const { ways, whole } = this.waysOf(base);
    this.opened = new Set(ways); // by `base`
    this.open = new Set(ways);
    return whole;
  }

  /** The nearest blocks first, so that a picture that is too large is cut evenly. */
  waysOf(base) {
    if (base === "start") return { ways: this.atlas.start, whole: true };
    const deepest = base === "all" ? Infinity : base;
    const ways = [];
    let shown = this.atlas.figures[0].things.length;
    let row = [{ number: 0, id: "", level: 0 }];
    while (row.length) {
      const next = [];
      for (const { number, id, level } of row) {
        const { things } = this.atlas.figures[number];
        for (const [i, thing] of things.entries()) {
          if (thing.inside === undefined || level >= deepest) continue;
          shown += this.atlas.figures[thing.inside].things.length;
          if (shown > MOST_THINGS) return { ways, whole: false };
          ways.push(childId(id, i));
          next.push({ number: thing.inside, id: childId(id, i), level: thing.plain ? level : level + 1 });
        }
      }
      row = next;
    }
    return { ways, whole: true };
  }

  // ------------------------------------------------------------ in the address of the page

  write() {
    const base = this.opened;
    const words = {};
    if (this.base !== "start") words.base = String(this.base);
    const opened = [...this.open].filter((id) => !base.has(id));
    const closed = [...base].filter((id) => !this.open.has(id));
    if (opened.length) words.open = opened.join("~");
    if (closed.length) words.shut = closed.join("~");
    return words;
  }

  read(words) {
    const base = words.base || "start";
    this.setBase(/^\d{1,3}$/.test(base) ? Number(base) : base === "all" ? "all" : "start");
    const ways = (text) => (text || "").split("~").filter((id) => /^[\d.]+$/.test(id) && this.canOpen(id));
    for (const id of ways(words.open)) this.open.add(id);
    for (const id of ways(words.shut)) this.open.delete(id);
  }
}

/** What a thing may be called at the beginning of a path: `layers.3` too where layers.0 stands for layers.0 … layers.11. */
function namesOf(thing, path) {
  const { label, member, until } = thing;
  const names = member ? [`${label}.${member}`, label] : [label];
  const range = until && /^(.*?)(\d+)$/.exec(member || label);
  const last = until && /\d+$/.exec(until);
  if (!range || !last) return names;
  const stem = member ? `${label}.${range[1]}` : range[1];
  const given = path.startsWith(stem) && /^\d+/.exec(path.slice(stem.length));
  if (given && Number(given[0]) >= Number(range[2]) && Number(given[0]) <= Number(last[0])) names.unshift(stem + given[0]);
  return names;
}
