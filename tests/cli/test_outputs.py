"""Outputs that cannot be written, readers that go away, inputs that are no files: exit code 2, nothing spoilt."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nndsl import files
from tests.cli.conftest import GOOD, Nndsl

Write = Callable[[str, str | bytes], Path]
WRITERS = [["compile"], ["ir"], ["summary"], ["draw"]]
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices of Unix")


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`nndsl` in a real shell."""
    return subprocess.run(
        ["bash", "-c", command.replace("nndsl", f"{sys.executable} -m nndsl")],
        cwd=folder, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def made_by(arguments: list[str]) -> str:
    """A name with an ending that the command takes."""
    return "made.txt" if arguments == ["summary"] else "made.svg"


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("arguments", WRITERS)
def test_a_folder_is_not_overwritten(nndsl: Nndsl, write: Write, tmp_path: Path, arguments: list[str]) -> None:
    write("net.nn", GOOD)
    made = made_by(arguments)
    (tmp_path / made).mkdir()
    done = nndsl(*arguments, "net.nn", "-o", made)
    assert (done.code, done.out) == (2, "")
    assert made in done.err
    assert "folder" in done.err
    assert left(tmp_path) == [made, "net.nn"]


@pytest.mark.parametrize("command", ["compile", "ir", "summary", "export"])
def test_the_spec_is_not_overwritten(nndsl: Nndsl, write: Write, tmp_path: Path, command: str) -> None:
    """By whatever name."""
    path = write("net.nn", GOOD)
    (tmp_path / "link.nn").symlink_to("net.nn")
    for target, output in (
        ("net.nn", "net.nn"),
        ("net.nn:Net", "./net.nn"),
        ("link.nn", "net.nn"),
        ("net.nn", "link.nn"),
    ):
        done = nndsl(command, target, "-o", output)
        assert (done.code, done.out) == (2, "")
        assert f"{output} is the spec, and would be lost" in done.err
    assert path.read_text() == GOOD


@pytest.mark.parametrize("arguments", WRITERS)
def test_a_folder_that_is_missing(nndsl: Nndsl, write: Write, tmp_path: Path, arguments: list[str]) -> None:
    write("net.nn", GOOD)
    made = made_by(arguments)
    done = nndsl(*arguments, "net.nn", "-o", f"none/{made}")
    assert done.code == 2
    assert f"none/{made}: No such file or directory" in done.err
    assert left(tmp_path) == ["net.nn"]


@pytest.mark.skipif(ROOT, reason="nothing is read-only to root")
def test_a_folder_that_is_read_only(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", GOOD)
    (tmp_path / "closed").mkdir(mode=0o500)
    done = nndsl("compile", "net.nn", "-o", "closed/made.py")
    assert (done.code, "Permission denied" in done.err) == (2, True)
    assert left(tmp_path / "closed") == []


@pytest.mark.skipif(ROOT, reason="nothing is read-only to root")
def test_a_file_that_is_read_only(nndsl: Nndsl, write: Write) -> None:
    path = write("net.nn", GOOD.replace(" = ", "  =  "))
    path.chmod(0o444)
    done = nndsl("fmt", "net.nn")
    assert (done.code, "read-only" in done.err) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("arguments", [["compile"], ["ir"], ["summary"]])
def test_a_full_disk(nndsl: Nndsl, write: Write, arguments: list[str]) -> None:
    write("net.nn", GOOD)
    done = nndsl(*arguments, "net.nn", "-o", "/dev/full")
    assert (done.code, done.err) == (2, "nndsl: cannot write /dev/full: No space left on device\n")


@pytest.mark.parametrize("failing", ["write", "replace"])
def test_a_disk_that_gets_full_keeps_the_old_file(
    nndsl: Nndsl, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: str
) -> None:
    """At whatever step it happens."""
    write("net.nn", GOOD)
    write("made.py", "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if failing == "write":
        monkeypatch.setattr("nndsl.files.open", fail, raising=False)
    else:
        monkeypatch.setattr(os, "replace", fail)
    done = nndsl("compile", "net.nn", "-o", "made.py")
    assert (done.code, done.err) == (2, "nndsl: cannot write made.py: No space left on device\n")
    assert (tmp_path / "made.py").read_text() == "old"
    assert left(tmp_path) == ["made.py", "net.nn"]


def test_an_interrupted_write_keeps_the_old_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text("old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write(tmp_path / "made.py", "new")
    assert (tmp_path / "made.py").read_text() == "old"
    assert left(tmp_path) == ["made.py"]


def test_links_and_modes_stay(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    path = write("net.nn", GOOD.replace(" = ", "  =  "))
    path.chmod(0o640)
    (tmp_path / "link.nn").symlink_to("net.nn")
    assert nndsl("fmt", "link.nn").code == 0
    assert (tmp_path / "link.nn").is_symlink()
    assert path.read_text() == GOOD
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_new_files_have_the_usual_mode(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", GOOD)
    nndsl("compile", "net.nn", "-o", "made.py")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "made.py").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_long_names(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", GOOD)
    assert nndsl("compile", "net.nn", "-o", "m" * 252 + ".py").code == 0
    assert nndsl("compile", "net.nn", "-o", "m" * 253 + ".py").code == 2


# ---------------------------------------------------------------- streams


@pytest.mark.parametrize(
    "command", ["ops --format json", "--version", "--help", "ir net.nn", "completion bash", "explain"]
)
def test_readers_that_go_away(tmp_path: Path, command: str) -> None:
    """Before anything was written, or in the middle."""
    (tmp_path / "net.nn").write_text(GOOD)
    for reader in ("true", "head -1 > /dev/null"):
        done = shell(f"nndsl {command} | {reader}; echo ${{PIPESTATUS[0]}}", tmp_path)
        assert (done.stdout, done.stderr) == ("0\n", "")


def test_mistakes_are_told_also_to_readers_that_go_away(tmp_path: Path) -> None:
    """By the exit code, however much there is to read."""
    line = "  output y{0} = x -> Linaer({0})\n"
    for count in (1, 150):
        outputs = "".join(line.format(i) for i in range(count))
        (tmp_path / "bad.nn").write_text(f"model M {{\n  input x: float[N, 4]\n{outputs}}}\n")
        done = shell("nndsl check bad.nn --format json | true; echo ${PIPESTATUS[0]}", tmp_path)
        assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("command", ["compile net.nn", "check --format json bad.nn", "ops", "--help", "explain"])
def test_standard_output_on_a_full_disk(tmp_path: Path, command: str) -> None:
    (tmp_path / "net.nn").write_text(GOOD)
    (tmp_path / "bad.nn").write_text("model {")
    done = shell(f"nndsl {command} > /dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (2, "nndsl: No space left on device\n")


def test_closed_streams(tmp_path: Path) -> None:
    (tmp_path / "net.nn").write_text(GOOD)
    done = shell("nndsl ir net.nn >&-", tmp_path)
    assert (done.returncode, done.stderr) == (2, "nndsl: standard output: it is closed\n")
    assert shell("nndsl check net.nn >&- 2>&-", tmp_path).returncode == 0
    done = shell("nndsl check - <&-", tmp_path)
    assert (done.returncode, done.stderr) == (2, "nndsl: standard input: it is closed\n")


def test_output_is_unicode_in_every_locale(tmp_path: Path) -> None:
    (tmp_path / "net.nn").write_text("model Net {\n  input x: float[N, 64]\n  output y = x → ReLU\n}\n", "utf-8")
    done = shell("LC_ALL=C PYTHONUTF8=0 PYTHONIOENCODING=ascii nndsl check net.nn", tmp_path)
    assert done.returncode == 1
    assert "output y = x → ReLU" in done.stderr


def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    (tmp_path / "net.nn").write_text("model {")
    os.rename(tmp_path / "net.nn", os.fsencode(tmp_path) + b"/\xff.nn")
    for format_ in ("text", "json", "sarif", "github"):
        assert shell(f"nndsl check *.nn --format {format_}", tmp_path).returncode == 1
    done = shell("nndsl check $'\\xfe.nn'", tmp_path)
    assert (done.returncode, done.stderr) == (2, "nndsl: cannot read \\udcfe.nn: No such file or directory\n")


# What a shell starts in the background is started deaf to Ctrl-C.
LISTENING = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"


def test_interruption(tmp_path: Path) -> None:
    """Ctrl-C while it waits for its input: no traceback."""
    waiting = subprocess.Popen(
        [sys.executable, "-c", f"{LISTENING}\nfrom nndsl.__main__ import main; main()", "check", "-"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
    )  # fmt: skip
    assert waiting.stdin is not None
    waiting.stdin.write(b"#" * 300_000)  # more than a pipe holds: it has begun to read
    waiting.stdin.flush()
    waiting.send_signal(signal.SIGINT)
    _, words = waiting.communicate(timeout=20)
    assert (waiting.returncode, words.strip()) == (130, b"")


@pytest.mark.parametrize(
    "becomes", ["raise ImportError('half imported')", "raise", "return []", "raise OSError(4, 'x')"]
)
def test_interruption_while_something_is_imported(tmp_path: Path, becomes: str) -> None:
    """What is interrupted may make another exception of it, or none."""
    (tmp_path / "net.nn").write_text(GOOD)
    script = f"""
{LISTENING}
from nndsl.cli import check, run
def broken(*_, **__):
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        {becomes}
check.find_mistakes = broken
sys.exit(run(["check", "-q", "net.nn"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == {"return []": 0, "raise OSError(4, 'x')": 2}.get(becomes, 130)


def test_pipes_and_devices_take_output(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", GOOD)
    assert nndsl("compile", "net.nn", "-o", "/dev/null").code == 0
    done = shell("nndsl compile net.nn -o /dev/stdout", tmp_path)
    assert done.stdout == nndsl("compile", "net.nn").out
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


# ---------------------------------------------------------------- inputs


@pytest.mark.parametrize("path", ["/dev/zero", "pipe", "folder", "name\0zero", "", "x" * 5000])
def test_what_is_no_regular_file_is_not_read(nndsl: Nndsl, tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for command in ("check", "fmt", "ir"):
        done = nndsl(command, path)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("nndsl: ")


def test_a_spec_with_other_line_ends_and_a_mark(nndsl: Nndsl, write: Write) -> None:
    """As some editors write it: everything made of it is the same."""
    write("net.nn", b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    other = [nndsl(*command, "net.nn") for command in (["compile"], ["ir"], ["summary"], ["draw", "-o", "-"])]
    write("net.nn", GOOD)
    same = [nndsl(*command, "net.nn") for command in (["compile"], ["ir"], ["summary"], ["draw", "-o", "-"])]
    assert other == same
    assert all(done.code == 0 and done.out for done in same)


def test_enormous_files_are_not_read(nndsl: Nndsl, tmp_path: Path) -> None:
    with open(tmp_path / "big.nn", "wb") as file:
        file.truncate(1 << 40)
    done = nndsl("check", "big.nn")
    assert (done.code, done.err) == (2, "nndsl: big.nn is larger than 16 MiB\n")


def test_endless_input_is_not_read_whole(tmp_path: Path) -> None:
    done = shell("ulimit -v 1000000; nndsl check - < /dev/zero", tmp_path)
    assert (done.returncode, done.stderr) == (2, "nndsl: <stdin> is larger than 16 MiB\n")


@pytest.mark.parametrize(
    ("content", "line"), [(b"\xff\xfe", 1), (b"# fine\nmodel \xe9 {", 2), (b"# \xed\xa0\x80", 1), (b"# \xf0\x9f", 1)]
)
def test_what_is_not_utf_8(nndsl: Nndsl, write: Write, content: bytes, line: int) -> None:
    write("net.nn", content)
    done = nndsl("check", "net.nn")
    assert (done.code, f"net.nn: line {line}: byte 0x" in done.err) == (2, True)
    assert nndsl("check", "-", stdin=content).code == 2
