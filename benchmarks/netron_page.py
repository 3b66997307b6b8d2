"""What Netron draws of a network's ONNX file, read off its own page in a browser.

`python -m benchmarks.netron_page NAME` prints {boxes, words, edges} as JSON: one element for each box, the letters that
can be seen, and [from, to]. The page's lines have no ends to read: they are counted, and must be as many as the file
has, whose ends are then told.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

READ = """(() => {
  const canvas = document.getElementById("canvas");
  const letters = [...canvas.querySelectorAll("text")].map((text) => text.textContent);
  const count = (kind) => canvas.querySelectorAll(kind).length;
  const boxes = count(".graph-node") + count(".graph-input"); // which outputs are called too
  return { boxes, words: letters, lines: count(".edge-path") };
})()"""


def drawn(path: Path) -> dict[str, Any]:
    import netron
    from playwright.sync_api import sync_playwright

    host, port = netron.start(str(path), browse=False)
    names = ("chromium", "chromium-browser", "google-chrome")
    browser_path = next((found for name in names if (found := shutil.which(name))), None)
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"http://{host}:{port}")
            page.get_by_role("button", name="Accept").click()
            page.wait_for_selector("#canvas .edge-path", state="attached")
            # the page forbids what Playwright asks with
            asked = page.context.new_cdp_session(page).send(
                "Runtime.evaluate", {"expression": READ, "returnByValue": True}
            )
            found: dict[str, Any] = asked["result"]["value"]
            browser.close()
    finally:
        netron.stop()
    return found


def edges(path: Path) -> list[tuple[str, str]]:
    """From the box that makes a value, to each that takes it; one for two boxes, as the page draws them."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    makers = {value.name: value.name for value in graph.input}
    made: list[tuple[str, str]] = []
    for number, node in enumerate(graph.node):
        made += [(makers[name], str(number)) for name in node.input if name in makers]
        makers.update(dict.fromkeys(node.output, str(number)))
    made += [(makers[value.name], f"output {value.name}") for value in graph.output]
    return list(dict.fromkeys(made))


def main() -> None:
    from benchmarks.models import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        load(sys.argv[1]).export(path, verify=False)
        found, told = drawn(path), edges(path)
    if found["lines"] != len(told):
        raise SystemExit(f"Netron draws {found['lines']} lines of {len(told)}")
    print(json.dumps({"boxes": [""] * found["boxes"], "words": found["words"], "edges": told}))


if __name__ == "__main__":
    main()
