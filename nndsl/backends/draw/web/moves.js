// Which box follows which: along the edges that are seen, from frames too.

const isIn = (id, frame) => id === frame || id.startsWith(`${frame}.`);

export class Moves {
  constructor(scene, direction) {
    this.scene = scene;
    this.direction = direction;
    this.places = scene.places;
  }

  /** The edges that enter and leave a box or a frame. */
  around(id) {
    const { edges } = this.scene;
    const into = edges.filter((edge) => edge.target === id);
    const out = edges.filter((edge) => edge.source === id);
    if (into.length || out.length) return { into, out };
    return {
      into: edges.filter((edge) => isIn(edge.target, id) && !isIn(edge.source, id)),
      out: edges.filter((edge) => isIn(edge.source, id) && !isIn(edge.target, id)),
    };
  }

  /** Where an arrow key leads from a box or frame; null: nowhere. */
  next(id, key) {
    const here = this.places.get(id);
    if (!here) return null;
    const forward = { up: "ArrowUp", down: "ArrowDown", right: "ArrowRight" }[this.direction];
    const backward = { up: "ArrowDown", down: "ArrowUp", right: "ArrowLeft" }[this.direction];
    const { into, out } = this.around(id);
    if (key === forward) return this.nearest(here, out.map((edge) => edge.target));
    if (key === backward) return this.nearest(here, into.map((edge) => edge.source));
    const later = key === "ArrowRight" || key === "ArrowDown";
    if (here.caption && later) return this.firstIn(id);
    return this.beside(here, later) || (!later && here.frame ? here.frame.id : null);
  }

  firstIn(frame) {
    const inside = this.scene.boxes.find((box) => isIn(box.id, frame));
    return inside ? inside.id : null;
  }

  /** Straight on, where there is a choice. */
  nearest(here, ids) {
    const off = (id) => Math.abs(this.across(this.places.get(id)) - this.across(here));
    return ids.length ? ids.reduce((a, b) => (off(b) < off(a) ? b : a)) : null;
  }

  across(item) {
    return this.direction === "right" ? item.y + item.height / 2 : item.x + item.width / 2;
  }

  along(item) {
    return this.direction === "right" ? item.x + item.width / 2 : item.y + item.height / 2;
  }

  /** The nearest box to the side in the same frame, at about the same height. */
  beside(here, later) {
    let best = null;
    let least = Infinity;
    for (const box of this.scene.boxes) {
      if (box.id === here.id || box.frame !== here.frame) continue;
      const across = (this.across(box) - this.across(here)) * (later ? 1 : -1);
      const along = Math.abs(this.along(box) - this.along(here));
      const cost = across + 2 * along;
      if (across > 4 && across > along && cost < least) {
        best = box.id;
        least = cost;
      }
    }
    return best;
  }
}
