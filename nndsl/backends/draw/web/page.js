// The page: puts the parts together and answers pointers; keys.js answers keys.
import { Blocks, MOST_THINGS } from "./blocks.js";
import { Camera } from "./camera.js";
import { Canvas } from "./canvas.js";
import { button, html, svg } from "./dom.js";
import { KEYS, Keys } from "./keys.js";
import { Layouter } from "./layout.js";
import { legendItem, legendOf } from "./legend.js";
import { Moves } from "./moves.js";
import { Panel } from "./panel.js";
import { fileName, fileOf, save } from "./save.js";
import { paint } from "./scene.js";
import { Search } from "./search.js";

const THEMES = ["light", "dark", "paper"];
export class Page {
  constructor(atlas) {
    this.atlas = atlas;
    this.blocks = new Blocks(atlas);
    this.layouter = new Layouter(atlas);
    this.selected = null;
    this.hovered = null;
    this.chosenTheme = null;
    this.search = new Search(this.blocks, (id) => this.go(id));
    this.panel = new Panel(this.blocks, { go: (id) => this.go(id), toggle: (id) => this.toggle(id) });
    this.build();
    this.camera = new Camera(this.area, () => this.canvas.draw(this.camera));
    this.canvas = new Canvas(this.sheet, this.root);
    this.listen();
    this.keys = new Keys(this);
    this.readAddress(false);
    this.relayout({ still: true });
    this.camera.fit(this.scene, atlas.direction, true);
    if (this.selected) this.look(this.selected, true, false);
  }

  get isStill() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // ------------------------------------------------------------ the page's parts

  build() {
    const { model } = this.atlas;
    this.depth = html("output", { id: "depth", "aria-label": "Levels open" });
    this.themeButton = button("Theme", () => this.nextTheme(), { title: "Light, dark, paper (T)" });
    this.infoButton = button("Details", () => this.togglePanel(), { title: "Details (I)", "aria-controls": "panel" });
    const tools = html(
      "div",
      { class: "tools", role: "toolbar", "aria-label": "View" },
      html(
        "span",
        { class: "group" },
        button("−", () => this.step(-1), { title: "Open one level less", "aria-label": "One level less" }),
        this.depth,
        button("+", () => this.step(1), { title: "Open one level more", "aria-label": "One level more" }),
      ),
      button("Expand all", () => this.setBase("all"), { title: "Expand all (E)", id: "expand-all" }),
      button("Collapse all", () => this.setBase(0), { title: "Collapse all (C)", id: "collapse-all" }),
      button("Fit", () => this.fit(), { title: "Fit (F)", id: "fit" }),
      button("SVG", () => this.save(), { title: "Save as SVG, as it is opened now (S)", id: "save" }),
      this.themeButton,
      this.infoButton,
      button("?", () => this.help.showModal(), { title: "Keys (?)", "aria-label": "Keys" }),
    );
    const title = html("div", { class: "title" }, html("h1", {}, model.name), html("p", {}, model.totals));
    this.root = svg("g", { id: "picture", role: "presentation" });
    this.sheet = svg("svg", { id: "sheet", role: "presentation" }, this.root);
    const about = { "aria-label": `Diagram of ${model.name}`, "aria-describedby": "how" };
    this.area = html("div", { id: "area", tabindex: "0", role: "tree", ...about }, this.sheet);
    this.legend = html("ul", { id: "legend", "aria-label": "Legend" });
    this.live = html("p", { id: "live", class: "unseen", "aria-live": "polite" });
    this.notice = html("p", { id: "notice", role: "status", hidden: true });
    const how = html("p", { id: "how", class: "unseen" }, "Arrow keys follow the edges, Enter opens and closes blocks, slash searches.");
    const rows = KEYS.map(([key, what]) => html("tr", {}, html("th", { scope: "row" }, key), html("td", {}, what)));
    const close = button("Close", () => this.help.close());
    this.help = html("dialog", { id: "help", "aria-label": "Keys" }, html("table", {}, html("tbody", {}, rows)), close);
    document.body.append(
      html("header", {}, title, this.search.element, tools),
      html("main", {}, html("div", { class: "view" }, html("div", { class: "stage" }, this.area, this.notice), this.legend), this.panel.element),
      how,
      this.live,
      this.help,
    );
    if (innerWidth < 900) this.togglePanel();
  }

  listen() {
    const { area } = this;
    area.addEventListener("click", (event) => this.click(event));
    area.addEventListener("dblclick", (event) => {
      if (!this.canvas.at(event, this.camera)) this.camera.zoom(event.shiftKey ? 1 / 1.6 : 1.6, ...this.camera.point(event));
    });
    area.addEventListener("pointermove", (event) => this.hover(event));
    area.addEventListener("pointerleave", () => this.hover(null));
    addEventListener("hashchange", () => {
      if (location.hash !== this.address) this.readAddress(true);
    });
    new ResizeObserver(() => this.resized()).observe(area);
    addEventListener("beforeprint", () => this.beforePrint());
    addEventListener("afterprint", () => this.afterPrint());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paintTheme());
  }

  // ------------------------------------------------------------ the picture

  /** Lay out and draw. `anchor`: a thing that stays where it is seen; `still`: without moving there. */
  relayout({ anchor = null, still = false } = {}) {
    const { camera } = this;
    const before = { scale: camera.scale, x: camera.x, y: camera.y };
    const was = anchor && this.scene ? this.placeOf(anchor) : null;
    this.scene = paint(this.layouter, this.blocks.tree());
    this.moves = new Moves(this.scene, this.atlas.direction);
    this.places = this.scene.places;
    const is = was && this.placeOf(anchor);
    if (is) {
      const clamp = (middle, from, size) => Math.min(Math.max(middle, from + 40), from + size - 40);
      const seen = camera.seen();
      const middleX = clamp(was.x + was.width / 2, seen.x, seen.width);
      const middleY = clamp(was.y + was.height / 2, seen.y, seen.height);
      camera.set(
        camera.scale,
        camera.x + (middleX - is.x - is.width / 2) * camera.scale,
        camera.y + (middleY - is.y - is.height / 2) * camera.scale,
      );
    }
    this.canvas.show(this.scene, camera, still || this.isStill || this.scene.boxes.length > 2000, before);
    this.paintLegend();
    this.refresh();
  }

  placeOf(id) {
    const seen = this.blocks.seen(id);
    return (seen && this.places.get(seen)) || null;
  }

  /** All that depends on what is open or selected, besides the picture. */
  refresh() {
    this.light();
    this.depth.textContent = this.blocks.base === "start" ? "auto" : String(this.blocks.base);
    this.area.setAttribute("aria-activedescendant", this.selected ? `i-${this.selected}` : "");
    this.panel.show(this.selected);
    this.writeAddress();
  }

  light() {
    const marks = this.search.marks().map((id) => [id, "hit"]);
    const edges = [];
    for (const [id, kind] of [[this.selected, "selected"], [this.hovered, "hovered"]]) {
      const item = id && this.placeOf(id);
      if (!item) continue;
      marks.push([item.id, kind]);
      const { into, out } = this.moves.around(item.id);
      for (const edge of into) marks.push([edge.source, "beside"]);
      for (const edge of out) marks.push([edge.target, "beside"]);
      edges.push({ wires: into.flatMap((edge) => edge.wires), kind: "into" });
      edges.push({ wires: out.flatMap((edge) => edge.wires), kind: "out" });
    }
    this.canvas.light(marks, edges);
  }

  paintLegend() {
    const entries = legendOf(this.atlas.legend, this.scene);
    const told = JSON.stringify(entries);
    if (told === this.told) return;
    this.told = told;
    this.legend.replaceChildren(...entries.map(legendItem));
  }

  // ------------------------------------------------------------ what the reader does

  click(event) {
    if (this.camera.dragged || event.detail > 1) return; // the second click of two is for where the first was
    this.area.focus({ preventScroll: true });
    const found = this.canvas.at(event, this.camera);
    if (!found) {
      this.select(null);
    } else if (this.blocks.canOpen(found.id) && (found.caption || !this.blocks.open.has(found.id))) {
      this.toggle(found.id);
    } else {
      this.select(found.id);
    }
  }

  hover(event) {
    if (event && event.buttons) return;
    const found = event ? this.canvas.at(event, this.camera) : null;
    const id = found && this.places.has(found.id) ? found.id : null;
    const isFrame = id !== null && this.places.get(id).caption !== undefined && !found.caption;
    const now = isFrame ? null : id;
    if (now === this.hovered) return;
    this.hovered = now;
    this.light();
  }

  select(id) {
    this.selected = id;
    this.refresh();
    if (id) this.say(id);
  }

  say(id) {
    const item = this.places.get(id);
    const about = this.atlas.facts[this.blocks.thing(id).facts];
    const state = this.blocks.canOpen(id) ? (this.blocks.open.has(id) ? ", open" : ", closed") : "";
    this.live.textContent = item ? `${about.type}, ${item.path}${state}` : about.type;
  }

  toggle(id) {
    if (this.blocks.open.has(id)) this.blocks.close(id);
    else this.blocks.show(id);
    this.selected = id;
    this.relayout({ anchor: id });
    const place = this.placeOf(id);
    if (place) this.camera.reveal(place, false, !this.isStill);
    this.say(id);
  }

  /** Select a thing wherever it is, opening what is around it. */
  go(id) {
    if (!id) {
      this.select(null);
      return;
    }
    const anchor = this.blocks.seen(id);
    this.selected = id;
    if (this.blocks.reveal(id)) this.relayout({ anchor });
    else this.refresh();
    this.look(id, true, !this.isStill);
    this.say(id);
  }

  look(id, centre, animated) {
    const place = this.placeOf(id);
    if (place) this.camera.reveal(place, centre, animated);
  }

  setBase(base) {
    const whole = this.blocks.setBase(base);
    this.notice.hidden = whole;
    this.notice.textContent = whole ? "" : `Not all is open: more than ${MOST_THINGS} things would be shown.`;
    if (this.selected) this.selected = this.blocks.seen(this.selected);
    this.relayout({ still: true });
    this.camera.fit(this.scene, this.atlas.direction, true);
    if (this.selected) this.look(this.selected, true, false);
  }

  step(by) {
    const { base } = this.blocks;
    const now = typeof base === "number" ? base : base === "all" ? 24 : 1;
    this.setBase(Math.max(0, typeof base === "number" || by < 0 ? now + by : now + 1));
  }

  fit() {
    this.camera.fit(this.scene, this.atlas.direction);
  }

  /** The whole picture, as it is opened, in the colours that are seen. */
  save() {
    save(this.file(), fileName(this.atlas.model.name, "svg"));
  }

  file() {
    const { name: title, totals } = this.atlas.model;
    const legend = legendOf(this.atlas.legend, this.scene);
    return fileOf({ area: this.area, scene: this.scene, title, totals, legend });
  }

  togglePanel() {
    const shown = document.body.classList.toggle("bare");
    this.infoButton.setAttribute("aria-expanded", String(!shown));
    if (this.canvas) this.resized();
  }

  resized() {
    this.camera.forget();
    this.canvas.draw(this.camera);
  }

  toggleSelected() {
    if (this.selected && this.blocks.canOpen(this.selected)) this.toggle(this.selected);
  }

  /** Select the block around the one that is selected. */
  goAround() {
    if (this.selected && this.selected.includes(".")) this.go(this.selected.replace(/\.\d+$/, ""));
  }

  goEnd(kind) {
    const box = this.scene.boxes.find((each) => each.thing.kind === kind);
    if (box) this.go(box.id);
  }

  /** To where an arrow key leads. */
  moveTo(key) {
    const seen = this.selected && this.placeOf(this.selected);
    if (!seen) {
      this.goEnd("input");
      return;
    }
    const next = this.moves.next(seen.id, key);
    if (!next) return;
    this.select(next);
    this.look(next, false, !this.isStill);
  }

  clear() {
    if (this.search.input.value) this.search.clear();
    this.select(null);
    this.area.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------ theme, address, print

  get theme() {
    if (this.chosenTheme) return this.chosenTheme;
    if (this.atlas.theme !== "light") return this.atlas.theme;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  nextTheme() {
    this.chosenTheme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
    this.paintTheme();
    this.writeAddress();
  }

  paintTheme() {
    document.documentElement.dataset.theme = this.theme;
    if (this.scene) this.paintLegend();
  }

  /** `#layer1.0.conv1&base=2`: what is selected, then what is open. */
  writeAddress() {
    const words = this.blocks.write();
    if (this.chosenTheme) words.theme = this.chosenTheme;
    const parts = Object.entries(words).map(([key, value]) => `${key}=${value}`);
    if (this.selected) parts.unshift(this.nameOf(this.selected));
    this.address = `#${parts.join("&")}`;
    try {
      history.replaceState(null, "", this.address);
    } catch {
      // a page inside another may not: then the state is not kept
    }
  }

  /** A path, which outlives changes of the spec; a way where two things bear the same path. */
  nameOf(id) {
    const path = this.blocks.path(id);
    return this.blocks.wayTo(path) === id ? encodeURIComponent(path) : `at=${id}`;
  }

  readAddress(andShow) {
    const words = {};
    const [first, ...rest] = location.hash.slice(1).split("&");
    for (const part of first.includes("=") ? [first, ...rest] : rest) {
      const [key, value] = part.split("=");
      words[key] = value;
    }
    this.blocks.read(words);
    const way = words.at || (first && this.blocks.wayTo(decoded(first)));
    this.selected = way && this.blocks.thing(way) ? way : null;
    if (this.selected) this.blocks.reveal(this.selected);
    this.chosenTheme = THEMES.includes(words.theme) ? words.theme : null;
    this.paintTheme();
    if (!andShow) return;
    this.relayout({ still: true });
    if (this.selected) this.look(this.selected, true, !this.isStill);
  }

  beforePrint() {
    document.documentElement.dataset.theme = this.theme === "dark" ? "light" : this.theme;
    this.canvas.drawAll();
  }

  afterPrint() {
    this.paintTheme();
    this.canvas.redraw(this.camera);
  }
}

/** What was percent-encoded; text that was not stays. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
