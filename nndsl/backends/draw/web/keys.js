// What each key does.

export const KEYS = [
  ["/", "search; Enter: next hit, Shift+Enter: the one before"],
  ["↑ ↓ ← →", "along the edges, and to what stands beside"],
  ["Enter", "open or close the block"],
  ["Backspace", "to the block around it"],
  ["Home  End", "to the input, to the output"],
  ["+  −", "zoom; also Ctrl and wheel, double click"],
  ["Shift + arrows", "pan; also drag, wheel"],
  ["F", "fit all"],
  ["E  C", "expand all, collapse all"],
  ["1 … 9", "open that many levels"],
  ["R", "as at first"],
  ["I", "details"],
  ["S", "save the picture as SVG, as it is opened now"],
  ["T", "theme: light, dark, paper"],
  ["Esc", "clear search and selection"],
];

/** Answers the keys pressed on `page`. */
export class Keys {
  constructor(page) {
    this.page = page;
    addEventListener("keydown", (event) => this.answer(event));
  }

  answer(event) {
    const { page } = this;
    if (page.help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") page.clear();
    if (event.target === page.search.input) return;
    if (event.target instanceof HTMLButtonElement && ["Enter", " ", "Tab"].includes(event.key)) return;
    const act = this.actFor(event.key, event.shiftKey);
    if (!act) return;
    act();
    event.preventDefault();
  }

  actFor(key, shifted) {
    const { page } = this;
    if (key.startsWith("Arrow")) return () => (shifted ? this.pan(key) : page.moveTo(key));
    if (/^[0-9]$/.test(key)) return () => page.setBase(Number(key));
    const acts = {
      "/": () => page.search.input.focus(),
      "?": () => page.help.showModal(),
      "+": () => page.camera.zoom(1.25),
      "=": () => page.camera.zoom(1.25),
      "-": () => page.camera.zoom(0.8),
      f: () => page.fit(),
      e: () => page.setBase("all"),
      c: () => page.setBase(0),
      r: () => page.setBase("start"),
      i: () => page.togglePanel(),
      s: () => page.save(),
      t: () => page.nextTheme(),
      Enter: () => page.toggleSelected(),
      " ": () => page.toggleSelected(),
      Backspace: () => page.goAround(),
      Home: () => page.goEnd("input"),
      End: () => page.goEnd("output"),
    };
    return acts[key] || acts[key.toLowerCase()];
  }

  pan(key) {
    const step = 80;
    const { camera } = this.page;
    if (key === "ArrowLeft" || key === "ArrowRight") camera.pan(key === "ArrowLeft" ? step : -step, 0);
    else camera.pan(0, key === "ArrowUp" ? step : -step);
  }
}
