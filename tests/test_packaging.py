"""What is built from the sources holds all that the program needs, and works without the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from configparser import ConfigParser
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

import nndsl
from nndsl.render import explanations

ROOT = Path(__file__).resolve().parent.parent
# what lies beside the package in a checkout lies inside it in a wheel
PLACES = {"nndsl": "nndsl", "grammars": "nndsl/grammars", "models": "nndsl/models"}
ZOO = sorted(path.stem for path in (ROOT / "models").glob("*.nn"))

pytestmark = pytest.mark.xdist_group("packaging")  # one build for all


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as for a release: the source distribution, and the wheel from that."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(folder.glob("nndsl-*.tar.gz"))) == 1
    (made,) = folder.glob("nndsl-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip put the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], cwd=folder, timeout=300, check=True)
    return folder


def run(installed: Path, folder: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Python that finds the wheel and the dependencies: `-S` leaves out what points to the checkout."""
    paths = [str(installed), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment |= {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "PYTHONUTF8": "1", "NO_COLOR": "1"}
    command = [sys.executable, "-S", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def command(installed: Path, folder: Path, *arguments: str) -> str:
    """The installed `nndsl`, which must succeed; what it wrote to standard output."""
    done = run(installed, folder, [str(installed / "bin" / "nndsl"), *arguments])
    assert done.returncode == 0, done.stderr
    return done.stdout


def expected() -> set[str]:
    """Every file of the sources, where a wheel has it."""
    found = set()
    for here, there in PLACES.items():
        for path in (ROOT / here).rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                found.add(f"{there}/{path.relative_to(ROOT / here).as_posix()}")
    return found


def test_the_wheel_holds_every_file_of_the_sources(wheel: Path) -> None:
    wanted = expected()
    assert {
        "nndsl/py.typed",
        "nndsl/grammars/nn.lark",
        "nndsl/syntax/tables.txt",
        "nndsl/library/attention.nn",
        "nndsl/models/resnet.nn",
        "nndsl/render/explain/shape-mismatch.md",
        "nndsl/backends/draw/fonts/DejaVuSans.ttf",
        "nndsl/backends/draw/web/page.css",
        "nndsl/backends/draw/web/page.js",
    } <= wanted
    names = set(ZipFile(wheel).namelist())
    about = {name for name in names if name.startswith(f"nndsl-{nndsl.__version__}.dist-info/")}
    assert names - about == wanted


def test_what_the_wheel_says_of_itself(wheel: Path) -> None:
    archive = ZipFile(wheel)
    about = f"nndsl-{nndsl.__version__}.dist-info"
    said = Parser().parsestr(archive.read(f"{about}/METADATA").decode())
    assert (said["Name"], said["Version"]) == ("nndsl", nndsl.__version__)
    assert set(said.get_all("License-File", [])) == {"LICENSE", "nndsl/backends/draw/fonts/LICENSE"}
    extras = {"torch", "onnx", "weights", "png", "pdf", "extern", "all", "dev", "browser"}
    assert set(said.get_all("Provides-Extra", [])) == extras
    points = ConfigParser()
    points.read_string(archive.read(f"{about}/entry_points.txt").decode())
    assert dict(points["console_scripts"]) == {"nndsl": "nndsl.__main__:main"}


def test_the_checkout_is_out_of_reach(installed: Path, tmp_path: Path) -> None:
    """Without this, the tests below would prove nothing."""
    script = "import json, sys, nndsl; print(json.dumps([nndsl.__file__, *sys.path]))"
    done = run(installed, tmp_path, ["-c", script])
    assert done.returncode == 0, done.stderr
    where, *paths = json.loads(done.stdout)
    assert Path(where) == installed / "nndsl" / "__init__.py"
    assert str(ROOT) not in paths


def test_check(installed: Path, tmp_path: Path) -> None:
    """Blocks of the library, and mistakes, in a folder far away."""
    uses = "model Net {\n  input x: float[N, T, 64]\n  output y = x -> TransformerEncoderLayer(4, 128)\n}\n"
    (tmp_path / "net.nn").write_text(uses)
    command(installed, tmp_path, "check", "net.nn")
    (tmp_path / "bad.nn").write_text(uses.replace("TransformerEncoderLayer(4", "TransformerEncoderLayer(5"))
    done = run(installed, tmp_path, ["-m", "nndsl", "check", "bad.nn", "--format", "json"])
    assert done.returncode == 1, done.stderr
    assert [found["code"] for found in json.loads(done.stdout)] == ["shape-mismatch"]


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo(installed: Path, tmp_path: Path, name: str) -> None:
    command(installed, tmp_path, "check", f"zoo/{name}.nn")
    script = f"import nndsl; print(nndsl.loads('from \"zoo/{name}.nn\" import M', 'M'))"
    done = run(installed, tmp_path, ["-c", script])
    assert done.returncode == 1
    assert "import-missing-name" in done.stderr, "an import of a spec finds the file too"


def test_compile(installed: Path, tmp_path: Path) -> None:
    text = command(installed, tmp_path, "compile", "zoo/resnet.nn:ResNet18")
    assert "class ResNet18(nn.Module):" in text
    assert text == nndsl.load("zoo/resnet.nn:ResNet18").source()


def test_draw(installed: Path, tmp_path: Path) -> None:
    assert command(installed, tmp_path, "draw", "zoo/googlenet.nn:GoogLeNet", "-o", "-").startswith("<svg")
    command(installed, tmp_path, "draw", "zoo/lenet.nn", "-o", "lenet.html")
    nndsl.load("zoo/lenet.nn").draw(tmp_path / "here.html")
    assert (tmp_path / "lenet.html").read_bytes() == (tmp_path / "here.html").read_bytes(), "the same script"
    pytest.importorskip("resvg_py")
    command(installed, tmp_path, "draw", "zoo/lenet.nn", "-o", "lenet.png")
    nndsl.load("zoo/lenet.nn").draw(tmp_path / "here.png")
    assert (tmp_path / "lenet.png").read_bytes() == (tmp_path / "here.png").read_bytes(), "the same fonts"


def test_explain(installed: Path, tmp_path: Path) -> None:
    assert command(installed, tmp_path, "explain").split() == explanations.codes()
    for code in explanations.codes()[:3]:
        assert command(installed, tmp_path, "explain", code).startswith(f"# {code}\n")


def test_load(installed: Path, tmp_path: Path) -> None:
    script = "import nndsl; print(nndsl.load('zoo/resnet.nn:ResNet18', classes=10).summary().parameters)"
    done = run(installed, tmp_path, ["-c", script])
    assert (done.stdout, done.stderr) == ("11181642\n", "")
