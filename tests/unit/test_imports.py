"""Which files a spec can import, and what is shown of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import check_spec, open_spec, read
from nndsl.render import text as render_text

SECRET = "the password is swordfish\n"
WRONG = "block Swordfish = Conv2d(3\n"
MODEL = 'import "{path}"\nmodel M {{\n  input x: float[N, 3]\n  output y = x -> {use}\n}}\n'


def check(spec: Path, path: str, use: str = "Linear(2)") -> tuple[list[str], str]:
    """Codes, and everything that is shown."""
    spec.parent.mkdir(parents=True, exist_ok=True)
    spec.write_text(MODEL.format(path=path, use=use))
    diagnostics = Diagnostics()
    check_spec(open_spec(read(spec), diagnostics))
    return [d.code for d in diagnostics.errors], render_text.render(diagnostics.in_order(), color=False)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("mark", ["", ".git", "pyproject.toml"])
def test_a_sibling_folder_is_imported(tmp_path: Path, mark: str) -> None:
    write(tmp_path / "blocks/norm.nn", "block Normed = LayerNorm\n")
    if mark:
        write(tmp_path / mark, "")
    assert check(tmp_path / "models/m.nn", "../blocks/norm.nn", "Normed") == ([], "")


@pytest.mark.parametrize("mark", [".git", ".hg", "pyproject.toml"])
def test_mistakes_within_the_project_are_shown(tmp_path: Path, mark: str) -> None:
    write(tmp_path / "blocks/norm.nn", WRONG)
    write(tmp_path / mark, "")
    codes, shown = check(tmp_path / "models/m.nn", "../blocks/norm.nn", "Swordfish")
    assert codes == ["syntax"]
    assert "Conv2d(3" in shown


@pytest.mark.parametrize("text", [SECRET, WRONG, 'import "nowhere.nn"\n', "block A = A\nblock A = Linear(3)\n"])
@pytest.mark.parametrize("mark", ["", ".git"])
def test_nothing_is_shown_of_a_file_outside_that_is_no_spec(tmp_path: Path, text: str, mark: str) -> None:
    secret = write(tmp_path / "out/secret.nn", text)
    if mark:
        write(tmp_path / "project" / mark, "")
    (tmp_path / "project/models").mkdir(parents=True)
    (tmp_path / "project/models/link.nn").symlink_to(secret)
    for path in ("../../out/secret.nn", "link.nn"):
        codes, shown = check(tmp_path / "project/models/m.nn", path)
        assert codes == ["import-not-found"]
        assert "has mistakes" in shown
        assert not any(word in shown for word in ["swordfish", "Swordfish", "nowhere", "block A", "password"])


def test_it_is_told_once_and_its_names_are_no_further_mistake(tmp_path: Path) -> None:
    write(tmp_path / "out/secret.nn", WRONG)
    write(tmp_path / "project/other.nn", 'import "../out/secret.nn"\n')
    codes, shown = check(tmp_path / "project/m.nn", '../out/secret.nn"\nimport "other.nn', "Swordfish")
    assert codes == ["import-not-found"]
    assert shown.count("has mistakes") == 1


def test_neighbours_outside_are_not_suggested(tmp_path: Path) -> None:
    write(tmp_path / "out/secret.nn", SECRET)
    write(tmp_path / "project/secret.nn", SECRET)
    assert "secret" in check(tmp_path / "project/m.nn", "secert.nn")[1]
    assert "secret" not in check(tmp_path / "project/m.nn", "../out/secert.nn")[1]


def test_the_home_folder_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / ".git", "")
    write(tmp_path / "private/secret.nn", SECRET)
    assert "swordfish" not in check(tmp_path / "downloads/m.nn", "../private/secret.nn")[1]


def test_the_zoo_leads_nowhere_else(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.nn", "block Secret = Linear(3)\n")
    up = "../" * 30
    for path in (f"zoo/{up}{secret}", f"zoo//{secret}", f"zoo/x/{up[:-1]}{secret}", f"zoo/./{up[:-1]}{secret}"):
        codes, shown = check(tmp_path / "m.nn", path, "Secret")
        assert codes == ["import-not-found"], (path, shown)
    assert check(tmp_path / "m.nn", "zoo/lenet.nn")[0] == []


@pytest.mark.parametrize(
    "path", ["/etc/x.nn", "C:\\\\x.nn", "C:x.nn", "\\\\\\\\server\\\\share\\\\x.nn", "//server/share/x.nn"]
)
def test_absolute_paths_of_any_system_are_refused(tmp_path: Path, path: str) -> None:
    codes, shown = check(tmp_path / "m.nn", path)
    assert codes == ["import-not-found"]
    assert "write a relative path" in shown
