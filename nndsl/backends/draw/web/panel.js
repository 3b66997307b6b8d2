// What is told about the thing that is selected, or about the model.
import { button, compact, exact, html } from "./dom.js";
import { childId } from "./scene.js";

const MOST_PARTS = 12;

export class Panel {
  /** `go`: select a thing; `toggle`: open or close it; `seen`: is it open? */
  constructor(blocks, { go, toggle }) {
    this.blocks = blocks;
    this.go = go;
    this.toggle = toggle;
    this.element = html("aside", { id: "panel", "aria-label": "Details", tabindex: "-1" });
    this.isScrolled = false;
    this.element.addEventListener("scroll", () => (this.isScrolled = true));
  }

  show(id) {
    const { atlas } = this.blocks;
    const thing = id ? this.blocks.thing(id) : null;
    this.element.replaceChildren(...(thing ? this.ofThing(id, thing) : this.ofModel(atlas.model)));
    if (this.isScrolled) this.element.scrollTop = 0; // to ask, or to set what is so, makes the browser lay out the page
    this.isScrolled = false;
  }

  ofModel(model) {
    return [
      html("h2", {}, model.name),
      html("p", { class: "sub" }, model.totals),
      model.doc ? html("p", { class: "doc" }, model.doc) : null,
      this.tensors("Inputs", model.takes),
      this.tensors("Outputs", model.gives),
      this.costs(model, 1),
      this.parts(this.blocks.atlas.figures[0], ""),
      this.source(model),
      html("p", { class: "hint" }, "Click a block to open it, its caption to close it. Press ? for all keys."),
    ].filter(Boolean);
  }

  ofThing(id, thing) {
    const { atlas } = this.blocks;
    const about = atlas.facts[thing.facts];
    const isOpen = this.blocks.open.has(id);
    const doc = about.doc || atlas.kinds[about.type];
    const head = html("h2", {}, about.type, thing.count ? html("span", { class: "count" }, ` × ${thing.count}`) : null);
    return [
      this.way(id),
      head,
      this.remarks(thing, about),
      thing.inside !== undefined
        ? button(isOpen ? "Close" : "Open", () => this.toggle(id), { class: "open", "aria-expanded": String(isOpen) })
        : null,
      doc ? html("p", { class: "doc" }, doc) : null,
      about.what.includes("(") ? html("pre", { class: "call" }, about.what) : null,
      this.tensors("Inputs", about.takes),
      this.tensors("Outputs", about.gives),
      this.hyper(about.hyper),
      this.weights(about),
      this.costs(about, thing.count || 1),
      thing.inside !== undefined ? this.parts(atlas.figures[thing.inside], id) : null,
      this.source(about),
    ].filter(Boolean);
  }

  /** The way to it: each block around it can be gone to. */
  way(id) {
    const chain = this.blocks.chain(id);
    const parts = [html("li", {}, button(this.blocks.atlas.model.name, () => this.go("")))];
    chain.forEach(({ id: way, thing }, i) => {
      const label = thing.label + (thing.member && i < chain.length - 1 ? `.${thing.member}` : "");
      const isLast = i === chain.length - 1;
      parts.push(html("li", {}, isLast ? html("b", { "aria-current": "true" }, label) : button(label, () => this.go(way))));
    });
    return html("nav", { "aria-label": "Path" }, html("ol", { class: "way" }, parts));
  }

  remarks(thing, about) {
    const first = thing.member || thing.label;
    const said = [];
    if (thing.count) {
      const range = thing.until && thing.until !== first ? `: ${first} … ${thing.until}` : "";
      said.push(`${thing.count} equal ones in a row${range}`);
    }
    if (about.shared) said.push(`weights shared as ${about.shared}`);
    if (about.only) said.push(`only in ${about.only}`);
    return said.length ? html("p", { class: "sub" }, said.join(" · ")) : null;
  }

  section(title, ...content) {
    return html("section", {}, html("h3", {}, title), ...content);
  }

  tensors(title, tensors) {
    if (!tensors || !tensors.length) return null;
    const rows = tensors.map(([name, dtype, shape]) =>
      html("tr", {}, html("th", { scope: "row" }, name || "·"), html("td", { class: "dtype" }, dtype), html("td", {}, `(${shape})`)),
    );
    return this.section(title, html("table", {}, html("tbody", {}, rows)));
  }

  hyper(values) {
    if (!values) return null;
    const rows = values.map(([name, value, given]) =>
      html("tr", { class: given ? null : "usual" }, html("th", { scope: "row" }, name), html("td", {}, value)),
    );
    return this.section("Hyperparameters", html("table", {}, html("tbody", {}, rows)));
  }

  weights(about) {
    const rows = (about.weights || []).map(([name, shape, count, trained]) =>
      html(
        "tr",
        {},
        html("th", { scope: "row" }, name || "·"),
        html("td", {}, `(${shape})`),
        html("td", { class: "number" }, exact(count)),
        html("td", { class: "dtype" }, trained ? "trained" : "buffer"),
      ),
    );
    for (const [name, count] of about.uses || []) {
      const cells = [html("td", {}, "constant"), html("td", { class: "number" }, count ? exact(count) : "")];
      rows.push(html("tr", {}, html("th", { scope: "row" }, name || "·"), cells, html("td", { class: "dtype" }, count ? "trained" : "")));
    }
    return rows.length ? this.section("Weights", html("table", {}, html("tbody", {}, rows))) : null;
  }

  costs(about, count) {
    const rows = [];
    const row = (name, ...words) => rows.push(html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, ...words)));
    const all = this.blocks.atlas.model.parameters;
    if (about.parameters !== undefined) {
      const share = typeof all === "number" && about !== this.blocks.atlas.model ? about.parameters / all : NaN;
      const told = about.again ? " · shared, counted once" : Number.isNaN(share) ? "" : ` · ${percent(share)}`;
      row("parameters", exact(about.parameters), told);
      if (about.each !== undefined) row("each", exact(about.each));
      if (about.trainable !== undefined) row("trainable", exact(about.trainable));
    }
    if (about.buffers !== undefined) row("buffers", exact(about.buffers), count > 1 ? " each" : "");
    if (about.macs !== undefined) {
      const least = about.unknown ? "≥ " : "";
      row("MACs", least, exact(about.macs), about.sample ? ` at ${about.sample} = 1` : "");
      if (about.unknown) row("not counted", about.unknown.join(", "));
    }
    return rows.length ? this.section("Cost", html("table", {}, html("tbody", {}, rows))) : null;
  }

  /** What is inside, the largest parts marked by a bar; what is counted elsewhere has none, so that the rest adds up. */
  parts(figure, id) {
    const { facts } = this.blocks.atlas;
    const found = [];
    figure.things.forEach((thing, i) => {
      const { parameters, again } = facts[thing.facts];
      if (thing.kind === "node" && typeof parameters === "number") found.push({ thing, i, parameters: again ? 0 : parameters });
    });
    if (found.length < 2 || found.every(({ parameters }) => !parameters)) return null;
    const largest = Math.max(...found.map(({ parameters }) => parameters));
    const kept = new Set([...found].sort((a, b) => b.parameters - a.parameters).slice(0, MOST_PARTS));
    const rows = found.filter((each) => kept.has(each)).map(({ thing, i, parameters }) => {
      const name = html("span", {}, thing.label, thing.count ? ` × ${thing.count}` : "");
      const go = () => this.go(childId(id, i));
      if (!parameters) return html("li", {}, button([name, html("span", { class: "number" }, "↔ shared")], go));
      const bar = html("span", { class: "bar" });
      bar.style.width = `${Math.max((parameters / largest) * 100, 1)}%`;
      return html("li", {}, button([name, html("span", { class: "number" }, compact(parameters)), bar], go));
    });
    const title = kept.size < found.length ? `Parameters by part: the largest ${kept.size} of ${found.length}` : "Parameters by part";
    return this.section(title, html("ul", { class: "parts" }, rows));
  }

  source(about) {
    if (!about.file) return null;
    return this.section("Source", html("p", { class: "file" }, `${about.file}:${about.line}`), html("pre", {}, about.text));
  }
}

function percent(share) {
  return share >= 0.9995 || share === 0 ? `${Math.round(share * 100)} %` : share < 0.001 ? "< 0.1 %" : `${(share * 100).toFixed(1)} %`;
}
