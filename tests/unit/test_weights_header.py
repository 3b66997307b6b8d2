"""Headers of safetensors files: sound ones as the library writes them, and every way to be unsound."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nndsl.diagnostics import SpecError
from nndsl.fit.entries import DTYPES, Entry
from nndsl.weights.header import MAX_HEADER, read_header


def file(folder: Path, header: Any, data: int = 0, length: int | None = None) -> str:
    """`header`: an object, or its very text; `length`: what the first eight bytes say of it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = folder / "x.safetensors"
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + bytes(data))
    return str(path)


def tensor(begin: int, end: int, shape: Any = (1,), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_what_the_library_writes(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    given = {
        "a.weight": torch.zeros(2, 3),
        "half": torch.zeros(4, dtype=torch.bfloat16),
        "none": torch.zeros(0, 5),
        "count": torch.tensor(3),
        "on": torch.tensor([True]),
    }
    save_file(given, tmp_path / "x.safetensors", metadata={"format": "pt"})
    found = read_header(str(tmp_path / "x.safetensors"))
    assert found == {
        "a.weight": Entry((2, 3), "float32"),
        "half": Entry((4,), "bfloat16"),
        "none": Entry((0, 5), "float32"),
        "count": Entry((), "int64"),
        "on": Entry((1,), "bool"),
    }


def test_kinds_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    for name, width in DTYPES.values():
        assert getattr(torch, name).itemsize == width


def test_an_empty_file_of_weights(tmp_path: Path) -> None:
    assert read_header(file(tmp_path, {})) == {}
    assert read_header(file(tmp_path, b"{}      ")) == {}  # padded, as the library does


UNSOUND: list[tuple[Any, int, str]] = [
    (b"[]", 0, "no JSON object"),
    (b"{", 0, "not JSON"),
    (b"\xff\xfe{}", 0, "not JSON"),
    (b'{"a": NaN}', 0, "not JSON: NaN is no number"),
    (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 0, "nested too deep"),
    (b'{"a": ' + b"9" * 10_000 + b"}", 0, "not JSON"),
    (b'{"a": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}, "a": 1}', 4, "has a twice"),
    (b'{"a": {"dtype": "F32", "dtype": "F16", "shape": [], "data_offsets": [0, 4]}}', 4, "has dtype twice"),
    ({"__metadata__": {"a": 1}}, 0, "__metadata__"),
    ({"__metadata__": []}, 0, "__metadata__"),
    ({"a": 3}, 0, "needs dtype, shape and data_offsets"),
    ({"a": {"dtype": "F32", "shape": [1]}}, 4, "needs dtype, shape and data_offsets"),
    ({"a": {**tensor(0, 4), "more": 1}}, 4, "nothing else"),
    ({"a": tensor(0, 4, dtype="F31")}, 4, "'F31', which is not known"),
    ({"a": tensor(0, 4, dtype=["F32"])}, 4, "which is not known"),
    ({"a": tensor(0, 4, shape=[-1])}, 4, "no list of sizes"),
    ({"a": tensor(0, 4, shape=[True])}, 4, "no list of sizes"),
    ({"a": tensor(0, 4, shape=[1.0])}, 4, "no list of sizes"),
    ({"a": tensor(0, 4, shape=[1 << 70])}, 4, "no list of sizes"),
    ({"a": tensor(0, 4, shape=[1] * 100)}, 4, "no list of sizes"),
    ({"a": tensor(0, 4, shape="x")}, 4, "no list of sizes"),
    ({"a": tensor(0, 4, shape=[1 << 40, 1 << 40])}, 4, "which no file can hold"),
    ({"a": tensor(4, 0)}, 4, "where it begins and ends"),
    ({"a": {**tensor(0, 4), "data_offsets": [0]}}, 4, "where it begins and ends"),
    ({"a": tensor(-4, 0)}, 4, "where it begins and ends"),
    ({"a": tensor(0, 4)}, 3, "ends at byte 4 of the data, and there are 3: the file was cut off"),
    ({"a": tensor(0, 4, shape=[2])}, 4, "has 4 bytes, and F32 [2] takes 8"),
    ({"a": tensor(0, 4), "b": tensor(2, 6)}, 6, "b begins at byte 2 of the data, within a"),
    ({"a": tensor(0, 4), "b": tensor(0, 4)}, 4, "b begins at byte 0 of the data, within a"),
    ({"a": tensor(0, 4), "b": tensor(8, 12)}, 12, "bytes 4 to 8 of the data, before b, belong to no tensor"),
    ({"a": tensor(0, 4)}, 5, "1 bytes at its end"),
]


@pytest.mark.parametrize(("header", "data", "said"), UNSOUND, ids=[said for _, _, said in UNSOUND])
def test_unsound_headers_are_diagnostics(tmp_path: Path, header: Any, data: int, said: str) -> None:
    with pytest.raises(SpecError) as problem:
        read_header(file(tmp_path, header, data))
    (found,) = problem.value.diagnostics
    assert found.code == "weights-file"
    assert said in found.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "ends after 0 bytes"),
        (b"1234567", "ends after 7 bytes"),
        ((1 << 20).to_bytes(8, "little") + b"{}", "was cut off, or is no safetensors file"),
        ((MAX_HEADER + 1).to_bytes(8, "little") + b"{}", "more than the 32 MiB that are read"),
        (b"\xff" * 100, "more than the 32 MiB that are read"),
    ],
)
def test_what_is_no_safetensors_file(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(SpecError) as problem:
        read_header(str(path))
    assert said in problem.value.diagnostics[0].message


def test_what_torch_save_wrote_is_recognised(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"a": torch.zeros(3)}, tmp_path / "x.safetensors")
    with pytest.raises(SpecError) as problem:
        read_header(str(tmp_path / "x.safetensors"))
    assert "torch.save" in problem.value.diagnostics[0].hints[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"), (b"<!DOCTYPE html>", "web page")],
)
def test_what_a_download_may_leave_is_recognised(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(SpecError) as problem:
        read_header(str(tmp_path / "x.safetensors"))
    assert said in problem.value.diagnostics[0].hints[0]


def test_pipes_and_folders_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        read_header(str(tmp_path / "pipe"))
    with pytest.raises(OSError, match="folder"):
        read_header(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        read_header(str(tmp_path / "nowhere"))


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    path = file(tmp_path, {"a": tensor(0, 4)}, 4)
    code = f"import sys\nfrom nndsl.weights.header import read_header\nprint(len(read_header({path!r})))\n"
    code += "print(sorted(set(sys.modules) & {'torch', 'numpy', 'safetensors'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "[]"]
