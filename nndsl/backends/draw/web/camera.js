// Pan and zoom: a point of the picture is shown at `scale * point + (x, y)`. Drag, wheel, two fingers.

const LEAST = 0.003;
const MOST = 6;
export const READABLE = 0.55; // a picture that fits only when it is smaller than this is shown from its start

export class Camera {
  /** `area`: the element that shows the picture; `changed` is called at most once for each frame of the screen. */
  constructor(area, changed) {
    this.area = area;
    this.changed = changed;
    this.scale = 1;
    this.x = this.y = 0;
    this.waiting = false;
    this.known = null; // the size of `area`
    this.travel = 0;
    this.pointers = new Map();
    this.dragged = false;
    area.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    area.addEventListener("pointerdown", (event) => this.down(event));
    area.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) area.addEventListener(end, (event) => this.up(event));
  }

  /** Kept, since a browser lays out the whole page to tell it. */
  get size() {
    this.known = this.known || { width: this.area.clientWidth, height: this.area.clientHeight };
    return this.known;
  }

  forget() {
    this.known = null;
  }

  set(scale, x, y) {
    this.scale = Math.min(Math.max(scale, LEAST), MOST);
    this.x = x;
    this.y = y;
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.changed();
    });
  }

  /** What is seen, in the picture's coordinates. */
  seen() {
    const { width, height } = this.size;
    return {
      x: -this.x / this.scale,
      y: -this.y / this.scale,
      width: width / this.scale,
      height: height / this.scale,
    };
  }

  point(event) {
    const box = this.area.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** The picture's point under a pointer. */
  under(event) {
    const [x, y] = this.point(event);
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  pan(dx, dy) {
    this.travel += 1;
    this.set(this.scale, this.x + dx, this.y + dy);
  }

  /** Zoom, the point at (x, y) of the area staying where it is. */
  zoom(factor, x = this.size.width / 2, y = this.size.height / 2) {
    this.travel += 1;
    const scale = Math.min(Math.max(this.scale * factor, LEAST), MOST);
    const ratio = scale / this.scale;
    this.set(scale, x - (x - this.x) * ratio, y - (y - this.y) * ratio);
  }

  /** Everything at once; `start`: where that would be too small, the end at which the flow begins. */
  fit(scene, direction, start = false) {
    this.forget(); // the legend may have taken room
    const { width, height } = this.size;
    const margin = 28;
    const [w, h] = [width - 2 * margin, height - 2 * margin];
    let scale = Math.min(w / scene.width, h / scene.height, 1.25);
    let y = (height - scene.height * scale) / 2;
    let x = (width - scene.width * scale) / 2;
    if (start && scale < READABLE) {
      scale = direction === "right" ? Math.min(1, h / scene.height) : Math.min(1, w / scene.width);
      scale = Math.max(scale, 0.4);
      x = direction === "right" ? margin : (width - scene.width * scale) / 2;
      if (direction === "up") y = height - margin - scene.height * scale;
      else y = direction === "down" ? margin : (height - scene.height * scale) / 2;
    }
    this.set(scale, x, y);
  }

  /** Bring a rectangle into view, moving as little as possible; `centre`: to the middle. */
  reveal(box, centre, animated) {
    const { width, height } = this.size;
    const scale = centre && this.scale < 0.45 ? 0.8 : this.scale;
    const near = 40;
    const axis = (at, extent, shift, room) => {
      const low = at * scale + shift;
      const high = low + extent * scale;
      if (centre) return room / 2 - (at + extent / 2) * scale;
      if (extent * scale > room - 2 * near) {
        return low > near ? shift - (low - near) : high < room - near ? shift + (room - near - high) : shift;
      }
      if (low < near) return shift + near - low;
      return high > room - near ? shift - (high - room + near) : shift;
    };
    const x = axis(box.x, box.width, this.x, width);
    const y = axis(box.y, box.height, this.y, height);
    if (animated) this.glide(scale, x, y);
    else this.set(scale, x, y);
  }

  glide(scale, x, y) {
    const from = [this.scale, this.x, this.y];
    const began = performance.now();
    this.travel += 1;
    const { travel } = this;
    const step = (now) => {
      if (this.travel !== travel) return; // another movement has begun
      const t = Math.min(Math.max((now - began) / 220, 0), 1);
      const eased = 1 - (1 - t) ** 3;
      const [s, px, py] = [scale, x, y].map((to, i) => from[i] + (to - from[i]) * eased);
      this.set(s, px, py);
      if (t < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  // ------------------------------------------------------------ wheel and pointers

  wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.ctrlKey || event.metaKey) {
      this.zoom(Math.exp(-Math.max(-80, Math.min(80, dy)) * 0.006), ...this.point(event));
    } else if (event.shiftKey && !dx) {
      this.pan(-dy, 0);
    } else {
      this.pan(-dx, -dy);
    }
  }

  down(event) {
    if (event.button > 1) return;
    if (!this.pointers.size) this.dragged = false;
    this.pointers.set(event.pointerId, this.point(event));
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.point(event);
    const moved = Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (!this.dragged && moved < 4 && this.pointers.size === 1) return;
    if (!this.dragged) {
      this.dragged = true;
      this.area.setPointerCapture(event.pointerId);
      this.area.classList.add("dragging");
    }
    if (this.pointers.size === 1) {
      this.pan(now[0] - before[0], now[1] - before[1]);
    } else {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
      const distance = (p) => Math.max(Math.hypot(p[0] - other[0], p[1] - other[1]), 1);
      this.zoom(distance(now) / distance(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    this.pointers.set(event.pointerId, now);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) this.area.classList.remove("dragging");
  }
}
