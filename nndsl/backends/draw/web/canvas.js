// Draws a scene. Only what is in view and around it is drawn, on a sheet larger than the view: panning moves the sheet
// and draws nothing. From so far away that very much is in view: plain shapes without texts, a path for each colour.
import { READABLE } from "./camera.js";
import { pathOf, straightPath } from "./curves.js";
import { round, svg } from "./dom.js";
import { boxGlyph, dotGlyph, frameGlyph, labelGlyph, outline, wireGlyph } from "./glyphs.js";
import { wayOf } from "./junctions.js";

const MOST_DETAIL = 700; // boxes
const LEGIBLE = 0.2; // smaller than this no text can be read, and of many boxes none is drawn
const SPARE = 0.5; // how much of the view's size is drawn beyond it, on each side
const CRISP = 120; // ms after the last zoom until all is drawn in its new size

const IDLE = 400; // ms after a change until what is seen from far away is made ready
const SLICE = 8; // ms in which elements are made before the screen gets a frame
const PAPER = { width: 700, height: 850, scale: 0.75, head: 70 }; // a page's room in px; how large, how low a long picture

export const LAYERS = ["frames", "skips", "wires", "dots", "boxes", "labels", "lights"];

export class Canvas {
  /** `sheet`: the element that is moved; `root`: the group in it that is drawn into. */
  constructor(sheet, root) {
    this.sheet = sheet;
    this.root = root;
    this.layers = {};
    for (const name of LAYERS) {
      this.layers[name] = svg("g", { role: "presentation", class: name });
      root.append(this.layers[name]);
    }
    this.items = [];
    this.drawn = new Map(); // item -> its element
    this.missing = []; // items in the region that have no element yet
    this.lit = [];
    this.marks = [];
    this.edges = [];
    this.overview = null;
    this.region = null; // what the sheet holds, in the scene's coordinates
    this.crisp = 0;
  }

  /** Show another scene; what was there and still is moves to its place, unless `still`. */
  show(scene, camera, still, before) {
    const old = this.scene;
    const places = still || !old ? null : old.places;
    this.scene = scene;
    this.items = itemsOf(scene);
    for (const element of this.drawn.values()) element.remove();
    this.drawn.clear();
    this.overview = null;
    this.edges = []; // whose numbers are those of the scene before
    this.redraw(camera, Infinity);
    clearTimeout(this.idle);
    if (scene.boxes.length > MOST_DETAIL) this.idle = setTimeout(() => this.prepare(), IDLE);
    if (places && this.isDetailed) this.animate(places, camera, before);
  }

  /** After the camera moved. */
  draw(camera) {
    const { region } = this;
    clearTimeout(this.crisp);
    if (region && holds(region, camera.seen())) {
      const zoom = camera.scale / region.scale;
      this.move(camera, zoom);
      if (zoom === 1) return;
      this.crisp = setTimeout(() => this.redraw(camera), CRISP);
      if (zoom > 0.4 && zoom < 2.5) return;
    }
    this.redraw(camera);
  }

  /** `time`: how many ms the drawing may take before the screen gets a frame; the rest follows. */
  redraw(camera, time = SLICE) {
    clearTimeout(this.crisp);
    const seen = camera.seen();
    const region = {
      x: seen.x - seen.width * SPARE,
      y: seen.y - seen.height * SPARE,
      width: seen.width * (1 + 2 * SPARE),
      height: seen.height * (1 + 2 * SPARE),
      scale: camera.scale,
    };
    this.fill(region, { seen, time });
    this.move(camera, 1);
  }

  /** Everything, for print: the sheet is as large as the scene. What one page would make too small goes over several. */
  drawAll() {
    const margin = 4;
    const { width, height } = this.scene;
    const isLong = PAPER.height / height < READABLE * Math.min(PAPER.width / width, 1);
    const head = isLong ? PAPER.head : 0; // a browser begins what it must cut on a page without the page's own header
    const box = { x: -margin, y: -margin - head, width: width + 2 * margin, height: height + 2 * margin + head };
    this.fill({ ...box, scale: 1 }, { seen: box, time: Infinity, most: Infinity });
    this.sheet.setAttribute("viewBox", `0 0 ${round(box.width)} ${round(box.height)}`);
    this.sheet.style.transform = "";
    this.sheet.style.width = isLong ? `${round(box.width * PAPER.scale)}px` : "";
    document.body.classList.toggle("long", isLong);
    this.region = null;
  }

  fill(region, { seen, time, most = MOST_DETAIL }) {
    const { x, y, width, height, scale } = region;
    this.region = region;
    this.sheet.removeAttribute("viewBox");
    this.sheet.style.width = "";
    this.sheet.setAttribute("width", Math.ceil(width * scale));
    this.sheet.setAttribute("height", Math.ceil(height * scale));
    this.root.setAttribute("transform", `translate(${round(-x * scale)} ${round(-y * scale)}) scale(${scale})`);
    const inside = this.items.filter((item) => touches(region, item));
    const isTiny = scale * devicePixelRatio < LEGIBLE && this.scene.boxes.length > MOST_DETAIL;
    this.isDetailed = most === Infinity || (!isTiny && inside.filter((item) => item.layer === "boxes").length <= most);
    this.detail(this.isDetailed ? inside : [], seen);
    this.far(!this.isDetailed);
    this.add(time);
    this.paintLights();
  }

  move(camera, zoom) {
    const [x, y] = [camera.x + this.region.x * camera.scale, camera.y + this.region.y * camera.scale];
    this.sheet.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
  }

  /** Take away what is not in `items`, and note what is missing: what is seen comes first. */
  detail(items, seen) {
    const wanted = new Set(items);
    for (const [item, element] of this.drawn) {
      if (wanted.has(item)) continue;
      element.remove();
      this.drawn.delete(item);
    }
    const missing = items.filter((item) => !this.drawn.has(item));
    this.missing = [...missing.filter((item) => touches(seen, item)), ...missing.filter((item) => !touches(seen, item))];
  }

  /** Draw what is missing, for so many ms, the rest in the next frame. */
  add(time) {
    cancelAnimationFrame(this.next);
    const end = performance.now() + time;
    const fresh = new Map(LAYERS.map((name) => [name, document.createDocumentFragment()]));
    let count = 0;
    for (const item of this.missing) {
      if (count % 16 === 0 && performance.now() > end) break;
      const element = item.glyph(item.of);
      this.drawn.set(item, element);
      fresh.get(item.layer).append(element);
      count += 1;
    }
    this.missing = this.missing.slice(count);
    const hasFrames = fresh.get("frames").childElementCount > 0;
    for (const [name, fragment] of fresh) this.layers[name].append(fragment);
    if (hasFrames) this.sortFrames();
    if (count) this.paintMarks();
    if (this.missing.length) this.next = requestAnimationFrame(() => this.add(SLICE));
  }

  /** Outer frames below inner ones, however they came into view. */
  sortFrames() {
    const depth = new Map();
    for (const [item, element] of this.drawn) if (item.layer === "frames") depth.set(element, item.depth);
    const found = [...this.layers.frames.children];
    if (found.every((each, i) => !i || depth.get(found[i - 1]) <= depth.get(each))) return;
    this.layers.frames.append(...found.sort((a, b) => depth.get(a) - depth.get(b)));
  }

  prepare() {
    this.overview = this.overview || overviewOf(this.scene);
  }

  far(isFar) {
    if (isFar) this.prepare();
    for (const [layer, elements] of this.overview || []) {
      if (isFar) this.layers[layer].append(...elements);
      else for (const element of elements) element.remove();
    }
  }

  animate(places, camera, before) {
    const options = { duration: 200, easing: "cubic-bezier(0.2, 0, 0, 1)" };
    const fade = [{ opacity: 0 }, { opacity: 1 }];
    for (const [item, element] of this.drawn) {
      const from = item.id && places.get(item.id);
      if (!from || (item.layer === "frames" && Math.abs(from.width - item.width) > 1)) {
        element.animate(fade, options);
        continue;
      }
      const dx = (from.x * before.scale + before.x - camera.x) / camera.scale - item.x;
      const dy = (from.y * before.scale + before.y - camera.y) / camera.scale - item.y;
      if (Math.abs(dx) + Math.abs(dy) < 0.5) continue;
      element.animate([{ transform: `translate(${dx}px, ${dy}px)` }, { transform: "none" }], options);
    }
  }

  // ------------------------------------------------------------ what is pointed at

  /** The box or frame that an event is about; `caption`: whether it is at a frame's caption. */
  at(event, camera) {
    const element = event.target.closest && event.target.closest("[data-id]");
    if (element) return { id: element.getAttribute("data-id"), caption: event.target.closest(".caption") !== null };
    const [x, y] = camera.under(event);
    const under = (item) => x >= item.x && x <= item.x + item.width && y >= item.y && y <= item.y + item.height;
    const box = this.scene.boxes.find(under);
    if (box) return { id: box.id, caption: false };
    const frames = this.scene.frames.filter(under);
    if (!frames.length) return null;
    const { id } = frames.reduce((a, b) => (b.depth > a.depth ? b : a));
    return { id, caption: false };
  }

  /** Mark elements: {id: class}; `edges`: lines to show, {wires, kind}. */
  light(marks, edges) {
    this.marks = marks;
    this.edges = edges;
    this.paintMarks();
    this.paintLights();
  }

  /** Lines, and from far away, where a box has no element of its own, the marks. */
  paintLights() {
    const shown = [];
    for (const { wires, kind } of this.edges) {
      for (const wire of new Set(wires)) {
        const whole = { ...this.scene.wires[wire], points: wayOf(this.scene.wires, wire) };
        shown.push(svg("path", { class: `light ${kind}`, d: pathOf(whole) }));
      }
    }
    for (const [id, kind] of this.isDetailed ? [] : this.marks) {
      const item = this.scene.places.get(id);
      if (item) shown.push(svg("path", { class: `light spot ${kind}`, d: outline(item) }));
    }
    this.layers.lights.replaceChildren(...shown);
  }

  paintMarks() {
    for (const element of this.lit) element.classList.remove("selected", "hovered", "hit", "beside");
    this.lit = [];
    for (const [id, kind] of this.marks) {
      const element = document.getElementById(`i-${id}`);
      if (!element) continue;
      element.classList.add(kind);
      this.lit.push(element);
    }
  }
}

function holds(region, seen) {
  return (
    region.x <= seen.x &&
    region.y <= seen.y &&
    region.x + region.width >= seen.x + seen.width &&
    region.y + region.height >= seen.y + seen.height
  );
}

function touches(region, item) {
  return (
    item.x <= region.x + region.width &&
    item.x + item.width >= region.x &&
    item.y <= region.y + region.height &&
    item.y + item.height >= region.y
  );
}

/** All that can be drawn, with the rectangle it lies in; `glyph`: draws what the item is `of`. */
export function itemsOf(scene) {
  const items = [];
  const add = (layer, glyph, of, { x, y, width, height }, id, depth) => {
    items.push({ layer, glyph, of, x, y, width, height, id, depth });
  };
  for (const frame of scene.frames) add("frames", frameGlyph, frame, frame, frame.id, frame.depth);
  for (const wire of scene.wires) add(wire.skip ? "skips" : "wires", wireGlyph, wire, around(wire.points));
  for (const dot of scene.dots) add("dots", dotGlyph, dot, { x: dot.x - 3, y: dot.y - 3, width: 6, height: 6 });
  for (const box of scene.boxes) add("boxes", boxGlyph, box, box, box.id);
  for (const label of scene.labels) {
    const width = label.runs.reduce((sum, run) => sum + run.width, 0);
    add("labels", labelGlyph, label, { x: label.x, y: label.y - 10, width, height: 14 });
  }
  return items;
}

/** The rectangle of a line and its arrowhead. */
function around(points) {
  let [left, low, right, high] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  return { x: left - 4, y: low - 4, width: right - left + 8, height: high - low + 8 };
}

/** The whole scene in a few paths. */
function overviewOf(scene) {
  const paths = new Map();
  const add = (layer, kind, d) => {
    const key = `${layer} ${kind}`;
    if (!paths.has(key)) paths.set(key, { layer, kind, d: [] });
    paths.get(key).d.push(d);
  };
  const byDepth = [...scene.frames].sort((a, b) => a.depth - b.depth);
  for (const frame of byDepth) add("frames", `frame d${Math.min(frame.depth, 2)} level${frame.depth}`, outline(frame));
  for (const wire of scene.wires) add(wire.skip ? "skips" : "wires", wire.skip ? "wire skip" : "wire", straightPath(wire));
  for (const box of scene.boxes) add("boxes", `box f-${box.face.family}`, outline(box));
  const elements = new Map();
  for (const { layer, kind, d } of paths.values()) {
    if (!elements.has(layer)) elements.set(layer, []);
    const isWire = layer === "skips" || layer === "wires";
    const path = svg("path", { class: isWire ? kind : "body", d: d.join("") });
    elements.get(layer).push(isWire ? path : svg("g", { class: `${kind} far` }, path));
  }
  return elements;
}
