"""One browser for each module of tests, and pages that complain about nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nndsl.backends import draw
from nndsl.ir.graph import Graph
from tests.backends.browser import Open, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a graph; whatever it complains about, or asks for besides itself, fails the test."""
    said: list[str] = []
    context = browser.new_context(viewport={"width": 1300, "height": 850}, reduced_motion="reduce")

    def show(graph: Graph, address: str = "", **options: Any) -> Any:
        file = tmp_path / "page.html"
        file.write_text(draw.html(graph, **options), encoding="utf-8")
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on(
            "request", lambda request: said.append(request.url) if request.url.split("#")[0] != file.as_uri() else None
        )
        page.goto(file.as_uri() + address)
        page.wait_for_function("window.diagram !== undefined")
        return page

    yield show
    context.close()
    assert said == []
