// Draws a scene. Only what is in view and around it is drawn, on a sheet larger than the view: panning moves the sheet
// and draws nothing. From so far away that very much is in view: plain shapes without texts, a path for each colour.
import { pathOf, straightPath } from "./curves.js";
import { round, svg } from "./dom.js";
import { boxGlyph, dotGlyph, frameGlyph, labelGlyph, outline, wireGlyph } from "./glyphs.js";

const MOST_DETAIL = 700; // boxes
const SPARE = 0.5; // how much of the view's size is drawn beyond it, on each side
const CRISP = 120; // ms after the last zoom until all is drawn in its new size

const LAYERS = ["frames", "skips", "wires", "dots", "boxes", "labels", "lights"];

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
    this.lit = [];
    this.marks = [];
    this.overview = null;
    this.region = null; // what the sheet holds, in the scene's coordinates
    this.crisp = 0;
  }

  /** Show another scene; what was there and still is moves to its place, unless `still`. */
  show(scene, camera, still, before) {
    const old = this.scene;
    const places = still || !old ? null : placesOf(old);
    this.scene = scene;
    this.byId = new Map([...scene.boxes, ...scene.frames].map((item) => [item.id, item]));
    this.items = itemsOf(scene);
    for (const element of this.drawn.values()) element.remove();
    this.drawn.clear();
    this.overview = null;
    this.redraw(camera);
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

  redraw(camera) {
    clearTimeout(this.crisp);
    const seen = camera.seen();
    this.fill({
      x: seen.x - seen.width * SPARE,
      y: seen.y - seen.height * SPARE,
      width: seen.width * (1 + 2 * SPARE),
      height: seen.height * (1 + 2 * SPARE),
      scale: camera.scale,
    });
    this.move(camera, 1);
  }

  /** Everything, for print: the sheet is as large as the scene. */
  drawAll() {
    const margin = 4;
    const { width, height } = this.scene;
    const box = { x: -margin, y: -margin, width: width + 2 * margin, height: height + 2 * margin };
    this.fill({ ...box, scale: 1 }, Infinity);
    this.sheet.setAttribute("viewBox", `0 0 ${round(box.width)} ${round(box.height)}`);
    this.sheet.style.transform = "";
    this.region = null;
  }

  fill(region, most = MOST_DETAIL) {
    const { x, y, width, height, scale } = region;
    this.region = region;
    this.sheet.removeAttribute("viewBox");
    this.sheet.setAttribute("width", Math.ceil(width * scale));
    this.sheet.setAttribute("height", Math.ceil(height * scale));
    this.root.setAttribute("transform", `translate(${round(-x * scale)} ${round(-y * scale)}) scale(${scale})`);
    const inside = this.items.filter((item) => touches(region, item));
    this.isDetailed = inside.filter((item) => item.layer === "boxes").length <= most;
    this.detail(this.isDetailed ? inside : []);
    this.far(!this.isDetailed);
  }

  move(camera, zoom) {
    const [x, y] = [camera.x + this.region.x * camera.scale, camera.y + this.region.y * camera.scale];
    this.sheet.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
  }

  detail(items) {
    const wanted = new Set(items);
    for (const [item, element] of this.drawn) {
      if (wanted.has(item)) continue;
      element.remove();
      this.drawn.delete(item);
    }
    const fresh = new Map(LAYERS.map((name) => [name, document.createDocumentFragment()]));
    for (const item of items) {
      if (this.drawn.has(item)) continue;
      const element = item.make();
      this.drawn.set(item, element);
      fresh.get(item.layer).append(element);
    }
    for (const [name, fragment] of fresh) this.layers[name].append(fragment);
    if (this.layers.frames.childElementCount) this.sortFrames();
    this.paintMarks();
  }

  /** Outer frames below inner ones, however they came into view. */
  sortFrames() {
    const depth = new Map();
    for (const [item, element] of this.drawn) if (item.layer === "frames") depth.set(element, item.depth);
    const found = [...this.layers.frames.children];
    if (found.every((each, i) => !i || depth.get(found[i - 1]) <= depth.get(each))) return;
    this.layers.frames.append(...found.sort((a, b) => depth.get(a) - depth.get(b)));
  }

  far(isFar) {
    if (isFar && !this.overview) this.overview = overviewOf(this.scene);
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
    this.paintMarks();
    const shown = [];
    for (const { wires, kind } of edges) {
      for (const wire of new Set(wires)) {
        const { points, skip, arrow } = this.scene.wires[wire];
        shown.push(svg("path", { class: `light ${kind}`, d: pathOf({ points, skip, arrow }) }));
      }
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

function placesOf(scene) {
  return new Map([...scene.boxes, ...scene.frames].map((item) => [item.id, item]));
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

/** All that can be drawn, with the rectangle it lies in. */
function itemsOf(scene) {
  const items = [];
  const add = (layer, make, box, more = {}) => {
    const { x, y, width, height } = box;
    items.push({ layer, make, x, y, width, height, ...more });
  };
  for (const frame of scene.frames) add("frames", () => frameGlyph(frame), frame, { id: frame.id, depth: frame.depth });
  for (const wire of scene.wires) {
    const [xs, ys] = [wire.points.map(([x]) => x), wire.points.map(([, y]) => y)];
    const [x, y] = [Math.min(...xs) - 4, Math.min(...ys) - 4];
    const box = { x, y, width: Math.max(...xs) + 4 - x, height: Math.max(...ys) + 4 - y };
    add(wire.skip ? "skips" : "wires", () => wireGlyph(wire), box);
  }
  for (const dot of scene.dots) add("dots", () => dotGlyph(dot), { x: dot[0] - 3, y: dot[1] - 3, width: 6, height: 6 });
  for (const box of scene.boxes) add("boxes", () => boxGlyph(box), box, { id: box.id });
  for (const label of scene.labels) {
    const width = label.runs.reduce((sum, run) => sum + run.width, 0);
    add("labels", () => labelGlyph(label), { x: label.x, y: label.y - 10, width, height: 14 });
  }
  return items;
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
