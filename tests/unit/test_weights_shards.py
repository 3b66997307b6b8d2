"""Checkpoints in several files: an index and its shards, and every way in which they do not go together."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nndsl.diagnostics import SpecError
from nndsl.fit.entries import Entry
from nndsl.weights.files import entries_in

SHARDS = {"m-1-of-2.safetensors": ["a", "b"], "m-2-of-2.safetensors": ["c"]}
WHERE = {name: shard for shard, names in SHARDS.items() for name in names}


def shard(names: list[str]) -> bytes:
    """A float32 zero for each name."""
    header = {n: {"dtype": "F32", "shape": [1], "data_offsets": [4 * k, 4 * k + 4]} for k, n in enumerate(names)}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(4 * len(names))


def checkpoint(folder: Path, where: Any = WHERE, shards: Mapping[str, list[str]] = SHARDS) -> Path:
    for name, names in shards.items():
        (folder / name).write_bytes(shard(names))
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 12}, "weight_map": where}))
    return index


def refused(path: Path) -> str:
    with pytest.raises(SpecError) as problem:
        entries_in(str(path))
    (found,) = problem.value.diagnostics
    assert found.code == "weights-file"
    return " ".join([found.message, *found.hints])


def test_an_index_and_its_folder_are_all_shards(tmp_path: Path) -> None:
    index = checkpoint(tmp_path)
    expected = {name: Entry((1,), "float32") for name in "abc"}
    assert entries_in(str(index)) == entries_in(str(tmp_path)) == expected


def test_tensors_that_the_index_leaves_out_are_seen(tmp_path: Path) -> None:
    assert set(entries_in(str(checkpoint(tmp_path, {"a": "m-1-of-2.safetensors"})))) == {"a", "b"}


@pytest.mark.parametrize(
    ("where", "shards", "said"),
    [
        ({**WHERE, "d": "m-3-of-3.safetensors"}, SHARDS, "1 of its 3 shards are not beside it: m-3-of-3.safetensors"),
        (WHERE, {**SHARDS, "m-2-of-2.safetensors": ["c", "a"]}, "a is in two of its shards, m-1-of-2.safetensors and"),
        ({**WHERE, "d": "m-2-of-2.safetensors"}, SHARDS, "d is to be in m-2-of-2.safetensors, and is not"),
        ({**WHERE, "c": "m-1-of-2.safetensors", "b": "m-2-of-2.safetensors"}, SHARDS, "b is to be in m-2-of-2"),
        ({**WHERE, "c": "../c.safetensors"}, SHARDS, "shards lie in the folder of their index"),
        ({**WHERE, "c": "/etc/c.safetensors"}, SHARDS, "shards lie in the folder of their index"),
        ({**WHERE, "c": "sub\\c.safetensors"}, SHARDS, "shards lie in the folder of their index"),
        ({**WHERE, "c": "a\0.safetensors"}, SHARDS, "shards lie in the folder of their index"),
        ({**WHERE, "c": "model.safetensors.index.json"}, SHARDS, "no name of a file of weights"),
        ({**WHERE, "c": ".."}, SHARDS, "no name of a file of weights"),
        ({**WHERE, "c": 3}, SHARDS, "no name of a file of weights"),
        (["a"], SHARDS, "no index of shards"),
    ],
)
def test_indices_that_do_not_go_with_their_shards(tmp_path: Path, where: Any, shards: Any, said: str) -> None:
    assert said in refused(checkpoint(tmp_path, where, shards))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[]", "no JSON object"),
        (b"{", "not JSON"),
        (b'{"weight_map": {"a": "x.bin", "a": "y.bin"}}', "has a twice"),
        (b'{"weight_map":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deep"),
        (b" " * ((32 << 20) + 1), "larger than the 32 MiB"),
    ],
)
def test_what_is_no_index(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "x.index.json").write_bytes(text)
    assert said in refused(tmp_path / "x.index.json")


def test_a_shard_that_cannot_be_read(tmp_path: Path) -> None:
    index = checkpoint(tmp_path)
    (tmp_path / "m-2-of-2.safetensors").write_bytes(b"1234")
    assert "m-2-of-2.safetensors: it ends after 4 bytes" in refused(index)
    (tmp_path / "m-2-of-2.safetensors").unlink()
    os.mkfifo(tmp_path / "m-2-of-2.safetensors")
    assert "its shard m-2-of-2.safetensors cannot be read: it is no regular file" in refused(index)


def test_what_of_a_folder_is_meant(tmp_path: Path) -> None:
    assert "no file of weights" in refused(tmp_path)
    (tmp_path / "net.safetensors").write_bytes(shard(["a"]))
    assert set(entries_in(str(tmp_path))) == {"a"}
    (tmp_path / "other.safetensors").write_bytes(shard(["b"]))
    assert "several files of weights: net.safetensors, other.safetensors" in refused(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(shard(["c"]))
    assert set(entries_in(str(tmp_path))) == {"c"}
    checkpoint(tmp_path)
    assert set(entries_in(str(tmp_path))) == {"a", "b", "c"}


def test_an_index_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        entries_in(str(tmp_path / "model.safetensors.index.json"))
