"""The documentation says what the tools do: pages are run, derived pages and pictures are up to date, links lead
somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nndsl
from benchmarks.highlights import BEGIN, END
from docs.generate import PAGES, limits
from docs.zoo import pictures
from nndsl.elaborate.project import BUILTINS, CONSTANTS
from nndsl.ops.initializers import INITIALIZERS
from nndsl.shapes import FLOATING, INTEGRAL
from nndsl.syntax.layout import WIDTH
from nndsl.syntax.newlines import WORDS
from tests.pages import GENERATED, ROOT, pages, run

REFRESH = "run `make docs` and commit what it writes"
SPEC = re.compile(r"^```nn(?: [^\n]*)?\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")


@pytest.mark.parametrize("path", pages(), ids=lambda p: p.name)
def test_page(path: Path) -> None:
    """Every block runs, and the page shows what comes of it."""
    pytest.importorskip("torch")
    result = run(path)
    assert not result.problems, "\n".join(result.problems)
    assert result.text == path.read_text("utf-8"), f"{path.name} shows what the tools no longer say: {REFRESH}"
    for name, picture in result.pictures.items():
        kept = ROOT / name
        assert kept.exists() and kept.read_text("utf-8") == picture, f"{name} is out of date: {REFRESH}"


@pytest.mark.parametrize("path", pages(), ids=lambda p: p.name)
def test_specs_have_the_one_form(path: Path) -> None:
    for text in SPEC.findall(path.read_text("utf-8")):
        try:
            formatted = nndsl.format_text(text)
        except nndsl.SpecError:  # a page that shows a mistake
            continue
        assert formatted == text


@pytest.mark.parametrize("name", GENERATED)
def test_derived_page(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == PAGES[name](), f"docs/{name} is out of date: {REFRESH}"


def test_pictures_of_the_zoo() -> None:
    """Each is up to date and small, and none is left of a model that is gone."""
    drawn = pictures()
    for name, picture in drawn.items():
        kept = ROOT / "docs" / name
        assert kept.exists() and kept.read_text("utf-8") == picture, f"docs/{name} is out of date: {REFRESH}"
        assert kept.stat().st_size < 60_000
    assert {path.name for path in (ROOT / "docs/images/zoo").iterdir()} == {Path(name).name for name in drawn}


def test_the_measured_table_is_that_of_the_last_benchmark() -> None:
    shown = (ROOT / "README.md").read_text("utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert shown.count("\n") >= 6
    assert shown in (ROOT / "docs" / "performance.md").read_text("utf-8")


@pytest.mark.parametrize("path", [*pages(), *(ROOT / "docs" / name for name in GENERATED)], ids=lambda p: p.name)
def test_links(path: Path) -> None:
    """Links to files of the repository lead somewhere, also into a page."""
    for target in (first or second for first, second in LINK.findall(_prose(path))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), f"{path.name}: {target} leads nowhere"
        if anchor:
            assert anchor in _anchors(found), f"{path.name}: {target}: no such heading"


def _prose(path: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.M | re.S)


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_language_names_everything() -> None:
    """Limits, builtin functions, initialisers, types and reserved words stand in the reference as the code has them."""
    text = _prose(ROOT / "docs" / "language.md")
    words = {word.lower() for word in WORDS} | FLOATING | INTEGRAL | set(INITIALIZERS) | set(BUILTINS) | set(CONSTANTS)
    code = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", text))))
    assert not sorted(words - code), "docs/language.md does not mention these"
    assert limits() in text, f"the limits in docs/language.md are out of date: {REFRESH}"
    assert f"at most {WIDTH} columns" in text


def test_a_wrong_page_is_noticed(tmp_path: Path) -> None:
    """The runner itself: a spec with a mistake, a block with other output, a failing command."""
    page = tmp_path / "page.md"
    page.write_text(
        "```nn\nmodel M { input x: float[N, 3]  output y = x -> RelU }\n```\n"
        "```python\nprint(1 + 1)\n```\n```text output\n3\n```\n"
        "```console\n$ nndsl check nowhere.nn\n```\n",
        "utf-8",
    )
    result = run(page)
    assert [problem.split(": ")[0] for problem in result.problems] == ["page.md:1", "page.md:10"]
    assert "```text output\n2\n```" in result.text


def test_a_page_may_have_several_pictures(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```nn file=net.nn\nmodel M { input x: float[N, 3]  output y = x -> Linear(4) }\n```\n"
        "<!-- nndsl draw net.nn -o one.svg -->\ntext\n<!-- nndsl draw net.nn --theme dark -o two.svg -->\n",
        "utf-8",
    )
    result = run(page)
    assert not result.problems
    assert set(result.pictures) == {"one.svg", "two.svg"}
    assert result.pictures["one.svg"] != result.pictures["two.svg"]


def test_pictures_are_small() -> None:
    kept = list((ROOT / "docs" / "images").iterdir())
    assert len(kept) >= 2
    assert max(path.stat().st_size for path in kept) < 100_000
