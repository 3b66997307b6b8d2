"""`nndsl summary`: its formats, its columns, where it is shown."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import GOOD, Nndsl
from tests.cli.test_check import Write

OPEN = "model Net { input x: float[B, T, 8]  output y = x -> up: Linear(32) -> ReLU -> down: Linear(8) }\n"


def squeezed(text: str) -> str:
    return re.sub(" +", " ", text)


def test_formats(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    assert "parameters 2,410" in squeezed(nndsl("summary", "net.nn").out)
    lines = list(csv.DictReader(io.StringIO(nndsl("summary", "net.nn", "--format", "csv").out)))
    assert [line["path"] for line in lines][-1] == "head"
    assert nndsl("summary", "net.nn", "--format", "md").out.startswith("### `Net`\n")
    assert nndsl("summary", "net.nn", "--format", "html").out.startswith("<!DOCTYPE html>")
    assert json.loads(nndsl("summary", "net.nn", "--format", "json").out)["parameters"] == 2410


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.csv", "path,"),
        ("a.md", "### "),
        ("a.html", "<!DOCTYPE"),
        ("a.JSON", "{"),
        ("a.txt", "Net\n"),
        ("a", "Net\n"),
    ],
)
def test_the_ending_says_the_format(nndsl: Nndsl, write: Write, tmp_path: Path, name: str, begins: str) -> None:
    write("net.nn", GOOD)
    assert nndsl("summary", "net.nn", "-o", name).out == ""
    assert (tmp_path / name).read_text("utf-8").startswith(begins)
    assert nndsl("summary", "net.nn", "-o", name, "--format", "csv").code == 0
    assert (tmp_path / name).read_text("utf-8").startswith("path,")


def test_an_ending_that_says_nothing_is_refused(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", GOOD)
    done = nndsl("summary", "net.nn", "-o", "costs.xyz")
    assert (done.code, (tmp_path / "costs.xyz").exists()) == (2, False)
    assert "-o: a summary's file ends in .txt, .json, .csv, .md, .html, or --format says its format" in done.err
    assert nndsl("summary", "net.nn", "-o", "costs.xyz", "--format", "csv").code == 0
    assert (tmp_path / "costs.xyz").read_text("utf-8").startswith("path,")


def test_capital_letters_do(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    given = ("--columns", "MACs,Time", "--device", "H100", "--dtype", "BFloat16", "--optimizer", "AdamW")
    loud = nndsl("summary", "net.nn", *given, "--format", "CSV")
    assert (loud.code, loud.out) == (0, nndsl("summary", "net.nn", *map(str.lower, given), "--format", "csv").out)
    assert nndsl("summary", "net.nn", "--columns", "ALL", "--format", "csv").code == 0


def test_a_pipe_is_as_wide_as_is_asked_for(nndsl: Nndsl, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    for columns in ("60", "120", "200", "wide", "0"):
        monkeypatch.setenv("COLUMNS", columns)
        out = nndsl("summary", "zoo/vit.nn:ViTB16", "--columns", "all").out
        lengths.append(max(map(len, out.splitlines())))
    assert lengths[0] <= 60
    assert 100 < lengths[1] <= 120 < lengths[2] <= 200
    assert lengths[3] == lengths[4] <= 100


def test_columns(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    out = nndsl("summary", "net.nn", "--columns", "macs, input,flops,macs").out
    (head,) = [line for line in out.splitlines() if line.startswith("layer")]
    assert head.split() == ["layer", "type", "MACs", "input", "FLOPs"]
    header = nndsl("summary", "net.nn", "--columns", "macs,flops", "--format", "csv").out.splitlines()[0]
    assert header == "path,depth,count,type,detail,mode,shared,macs,flops"
    assert "receptive-field" in nndsl("summary", "net.nn", "--columns", "all", "--format", "csv").out


@pytest.mark.parametrize(("given", "said"), [("mac", "no column mac: did you mean macs? There are input, "),
                                             ("zzz", "no column zzz. There are input, output, parameters"),
                                             ("macs,", None), (",", "no column is named")])  # fmt: skip
def test_columns_that_there_are_not(nndsl: Nndsl, write: Write, given: str, said: str | None) -> None:
    write("net.nn", GOOD)
    done = nndsl("summary", "net.nn", "--columns", given)
    assert done.code == (2 if said else 0)
    assert said is None or said in done.err


def test_depth(nndsl: Nndsl) -> None:
    shallow = nndsl("summary", "zoo/resnet.nn:ResNet18", "--depth", "0").out
    assert "layer4" in shallow
    assert "BasicBlock" not in shallow
    assert "BasicBlock" in nndsl("summary", "zoo/resnet.nn:ResNet18", "--depth", "1").out
    assert nndsl("summary", "zoo/resnet.nn:ResNet18", "--depth", "-1").code == 2


def test_formulas_stand_beside_the_numbers_of_fixed_dims(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", OPEN)
    assert "MACs 512·T for B = 1" in squeezed(nndsl("summary", "net.nn").out)
    fixed = nndsl("summary", "net.nn", "--dim", "T=100")
    assert fixed.err == ""
    assert "MACs 51.20 K (51,200) = 512·T for B = 1" in squeezed(fixed.out)
    assert "= 512·B·T" in nndsl("summary", "net.nn", "--dim", "T=100", "--dim", "B=2").out
    assert "512·T" in nndsl("summary", "net.nn", "--dim", "T=100", "--format", "md").out
    assert "= 512·T" in nndsl("summary", "-", "--dim", "T=100", stdin=OPEN).out


def test_a_spec_for_some_sizes_alone_has_no_formula(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", "model Net { input x: float[B, T, 8]  output y = x -> Reshape(B, 16) -> Linear(4) }\n")
    assert nndsl("summary", "net.nn").code == 1
    done = nndsl("summary", "net.nn", "--dim", "T=2")
    assert (done.code, done.err) == (0, "")
    assert "MACs 64 for B = 1" in squeezed(done.out)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16"])
def test_terminals_without_our_signs(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "net.nn").write_text(OPEN, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "nndsl", "summary", "net.nn"], cwd=tmp_path, capture_output=True, check=True, timeout=60,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    ).stdout  # fmt: skip
    assert done.isascii() == (not encoding.startswith("utf"))
    assert ("|- up" if done.isascii() else "├─ up") in done.decode()
    assert ("512*T" if done.isascii() else "512·T") in done.decode()


def test_colours_and_pipes(nndsl: Nndsl, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("net.nn", GOOD)
    assert "\x1b" not in nndsl("summary", "net.nn").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in nndsl("summary", "net.nn").out
    assert "\x1b" not in nndsl("summary", "net.nn", "--format", "md").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in nndsl("summary", "net.nn").out


def test_a_piped_table_has_whole_rows(nndsl: Nndsl) -> None:
    """What is piped is searched: at 100 columns, and never wrapped in a row."""
    out = nndsl("summary", "zoo/vit.nn:ViTB16").out
    assert max(map(len, out.splitlines())) <= 100


def test_a_batch_and_its_memory(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    one = nndsl("summary", "net.nn").out
    assert "memory for 1 sample, float32, adamw" in one
    more = nndsl("summary", "net.nn", "--batch", "64", "--dtype", "bfloat16", "--optimizer", "sgd", "--device", "h100")
    assert "memory for 64 samples, bfloat16, sgd" in more.out
    assert re.search(r"optimizer states +0.0 KiB", more.out)
    assert "roofline estimate for NVIDIA H100 SXM, 64 samples" in more.out
    facts = json.loads(nndsl("summary", "net.nn", "--batch", "64", "--format", "json").out)
    assert facts["memory"]["samples"] == 64
    assert facts["memory"]["parameters"] == 4 * 2410
    assert facts["memory"]["gradients"] == 4 * 2410
    assert facts["memory"]["optimizer_states"] == 8 * 2410
    assert facts["memory"]["training_peak"] > facts["memory"]["inference_peak"] > 4 * 2410
    assert facts["layers"][0]["activation_bytes"] == 4 * 32


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--batch", "0"), "'--batch'"),
        (("--dim", "N=2", "--batch", "3"), "--batch: Net has no batch"),
        (("--device", "h1000"), "'--device'"),
        (("--columns", "macs,time"), "--columns: the column time needs --device"),
        (("--dtype", "int8"), "'--dtype'"),
        (("--optimizer", "adams"), "'--optimizer'"),
    ],
)
def test_settings_that_there_are_not(nndsl: Nndsl, write: Write, given: tuple[str, ...], said: str) -> None:
    write("net.nn", GOOD)
    done = nndsl("summary", "net.nn", *given)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_times_are_of_a_device(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    done = nndsl("summary", "net.nn", "--columns", "macs,time", "--device", "a100")
    assert "time ≈" in done.out
    assert re.search(r"head +Linear 10 +320 +[\d.]+ ns", done.out)
    assert "time" not in nndsl("summary", "net.nn", "--columns", "all", "--format", "csv").out.splitlines()[0]
