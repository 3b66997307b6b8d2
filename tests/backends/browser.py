"""A real browser for the tests of the page, and a way to run its layout: in Node where there is one, else there."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

import nndsl
from nndsl.backends.draw.html import script

_LAYOUT = (
    "channel",
    "places",
    "pins",
    "regions",
    "parallel",
    "tracks",
    "columns",
    "rows",
    "structure",
    "orders",
    "layout",
    "junctions",
)
_LAYOUT += ("scene", "blocks")
LAYOUT = tuple(f"{name}.js" for name in _LAYOUT)

MODELS = Path(nndsl.__file__).parent.parent / "models"
Open: TypeAlias = Callable[..., Any]  # what the fixture `open_page` gives


@contextmanager
def chromium() -> Iterator[Any]:
    """Skips where Playwright or a browser is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except playwright.Error as problem:
            pytest.skip(f"no Chromium starts here: {str(problem).splitlines()[0]}")
        yield browser
        browser.close()


def run_layout(program: str, cases: Any) -> Any:
    """`program`, a JavaScript function of the cases that may use the page's layout; what it answers."""
    joined = f"{script(LAYOUT)}\nconst answer = {program};\n"
    if shutil.which("node") is not None:
        text = joined + "let text = ''; for await (const part of process.stdin) text += part;\n"
        text += "process.stdout.write(JSON.stringify(answer(JSON.parse(text))));\n"
        command = ["node", "--input-type=module", "--eval", text]
        done = subprocess.run(
            command, input=json.dumps(cases), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    with chromium() as browser:
        return browser.new_page().evaluate(f"(cases) => {{ {joined} return answer(cases); }}", cases)


def settle(page: Any) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
