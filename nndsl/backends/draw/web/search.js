// Finding things by path, type and shape, in closed blocks too.
import { button, html } from "./dom.js";

const MOST_SHOWN = 60;

export class Search {
  /** `go` is called with the way of a hit. */
  constructor(blocks, go) {
    this.blocks = blocks;
    this.go = go;
    this.hits = [];
    this.at = -1;
    this.input = html("input", {
      type: "search",
      id: "search",
      placeholder: "Search  /",
      "aria-label": "Search layers by path, type or shape",
      "aria-controls": "hits",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.count = html("output", { id: "hit-count", for: "search", "aria-live": "polite" });
    this.list = html("ul", { id: "hits", "aria-label": "Search results", hidden: true });
    this.element = html("div", { class: "search", role: "search" }, this.input, this.count, this.list);
    this.input.addEventListener("input", () => this.find(this.input.value));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => this.showList());
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(event.relatedTarget)) this.list.hidden = true;
    });
  }

  /** What is searched: each thing once, in the order of the text. */
  entries() {
    if (this.known) return this.known;
    this.known = [];
    const { facts } = this.blocks.atlas;
    this.whole = this.blocks.walk(({ thing, id, path }) => {
      const about = facts[thing.facts];
      const shapes = [...(about.takes || []), ...(about.gives || [])].map(([name, , shape]) => `${name} (${shape})`);
      const words = `${path} ${about.type} ${about.what} ${shapes.join(" ")}`.toLowerCase();
      this.known.push({ id, path, type: about.type, words: `${words} ${words.replace(/,\s+/g, ",")}` });
      return true;
    });
    return this.known;
  }

  find(query) {
    const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
    this.at = -1;
    this.hits = terms.length
      ? this.entries().filter(({ words }) => terms.every((term) => words.includes(term)))
      : [];
    this.say(terms.length > 0);
    this.list.replaceChildren(
      ...this.hits.slice(0, MOST_SHOWN).map((hit, i) => {
        const item = button([html("b", {}, hit.type), ` ${hit.path}`], () => this.pick(i), { tabindex: "-1" });
        return html("li", {}, item);
      }),
    );
    this.showList();
  }

  say(asked) {
    const of = this.hits.length === 1 ? "1 hit" : `${this.hits.length} hits`;
    this.count.title = asked && !this.whole ? "only the first things are searched" : "";
    this.count.textContent = !asked ? "" : this.at < 0 ? of : `${this.at + 1} of ${this.hits.length}`;
  }

  showList() {
    this.list.hidden = !this.hits.length;
  }

  pick(i) {
    if (!this.hits.length) return;
    this.at = (i + this.hits.length) % this.hits.length;
    this.say(true);
    [...this.list.children].forEach((item, k) => item.classList.toggle("current", k === this.at));
    if (this.list.children[this.at]) this.list.children[this.at].scrollIntoView({ block: "nearest" });
    this.go(this.hits[this.at].id);
  }

  key(event) {
    if (event.key === "Enter") this.pick(this.at < 0 ? 0 : this.at + (event.shiftKey ? -1 : 1));
    else if (event.key === "ArrowDown") this.pick(this.at + 1);
    else if (event.key === "ArrowUp") this.pick(this.at < 0 ? -1 : this.at - 1);
    else return;
    event.preventDefault();
  }

  /** The hits that are seen, by the innermost thing around each that is. */
  marks() {
    return this.hits.slice(0, 500).map(({ id }) => this.blocks.seen(id)).filter(Boolean);
  }

  clear() {
    this.input.value = "";
    this.find("");
  }
}
