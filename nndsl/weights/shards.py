"""Checkpoints in several files, as Hugging Face lays them out: an index beside the shards says what is in which."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nndsl.fit.entries import Entries, refuse
from nndsl.weights.header import MAX_HEADER, opened, parsed

INDEX = ".index.json"
USUAL = ("model.safetensors.index.json", "model.safetensors", "pytorch_model.bin.index.json", "pytorch_model.bin")
KINDS = (".safetensors" + INDEX, ".safetensors", ".bin" + INDEX, ".bin")
SHOWN = 3  # names that a message lists


def located(path: str) -> str:
    """The file that is meant: a folder's index, or its only file of weights."""
    if not os.path.isdir(path):
        return path
    names = sorted(os.listdir(path))
    usual = next((name for name in USUAL if name in names), None)
    if usual is not None:
        return os.path.join(path, usual)
    found = next((those for those in ([n for n in names if n.endswith(kind)] for kind in KINDS) if those), [])
    if len(found) > 1:
        refuse(path, f"the folder has several files of weights: {_listed(found)}", "name one of them")
    if not found:
        refuse(path, "the folder has no file of weights, such as model.safetensors or model.safetensors.index.json")
    return os.path.join(path, found[0])


def is_index(path: str) -> bool:
    return path.lower().endswith(".json")


def placed(path: str, read: Callable[[str], Entries]) -> dict[str, tuple[str, Entries]]:
    """The tensors of an index: the file of each, with what else is in that. `read` reads the header of a shard. Raises
    SpecError where index and shards do not go together, OSError where the index cannot be read."""
    told = _told(path)
    shards = {name: os.path.join(os.path.dirname(path), name) for name in dict.fromkeys(told.values())}
    lacking = [name for name, file in shards.items() if not os.path.exists(file)]
    if lacking:
        message = f"{len(lacking):,} of its {len(shards):,} shards are not beside it: {_listed(lacking)}"
        refuse(path, message, "shards lie in the folder of their index, under the names that it gives them")
    found: dict[str, tuple[str, Entries]] = {}
    for shard, file in shards.items():
        entries = _read(path, file, read)
        for name in entries:
            if name in found:
                refuse(path, f"{name} is in two of its shards, {os.path.basename(found[name][0])} and {shard}")
            found[name] = (file, entries)
    for name, shard in told.items():
        if name not in found:
            refuse(path, f"{name} is to be in {shard}, and is not", "index and shards are of different checkpoints")
        if found[name][0] != shards[shard]:
            refuse(path, f"{name} is to be in {shard}, and is in {os.path.basename(found[name][0])}")
    return found


def _read(path: str, file: str, read: Callable[[str], Entries]) -> Entries:
    try:
        return read(file)
    except OSError as problem:
        refuse(path, f"its shard {os.path.basename(file)} cannot be read: {problem.strerror or problem}")


def _told(path: str) -> dict[str, str]:
    """What the index says: the file of each tensor, by its name in the index's own folder."""
    with open(path, "rb", opener=opened) as file:
        text = file.read(MAX_HEADER + 1)
    if len(text) > MAX_HEADER:
        refuse(path, f"it is larger than the {MAX_HEADER >> 20} MiB that are read of an index")
    index = parsed(path, text, "it")
    told: Any = index.get("weight_map")
    if not isinstance(told, dict):
        hint = "an index has a table weight_map, of the names of tensors with the files that they are in"
        refuse(path, "it is JSON, but no index of shards", hint)
    for name, shard in told.items():
        if not isinstance(shard, str) or Path(shard).suffix.lower() not in (".safetensors", ".bin", ".pt", ".pth"):
            refuse(path, f"{name} is to be in {shard!r}, which is no name of a file of weights")
        if os.path.basename(shard) != shard or {"\\", "\0", ":"} & set(shard):
            refuse(path, f"{name} is to be in {shard!r}, and shards lie in the folder of their index")
    return told


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
