"""The header of a safetensors file: eight bytes with its length, then JSON. Nothing else of the file is read, neither
torch nor numpy is imported, and everything that the header claims is held against the size of the file."""

from __future__ import annotations

import json
import math
import os
import stat
from collections import Counter
from collections.abc import Sequence
from typing import Any

from nndsl.fit.entries import DTYPES, Entries, Entry, refuse

MAX_HEADER = 32 << 20
MAX_RANK = 64
MAX_SIZE = 1 << 62
_FIELDS = {"dtype", "shape", "data_offsets"}


class _Twice(Exception):
    """A key that an object has twice."""


def read_header(path: str) -> Entries:
    """The tensors of a file by their names. Raises SpecError for what is no sound safetensors file, OSError where it
    cannot be read."""
    with open(path, "rb", opener=opened) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        if len(start) < 8:
            refuse(
                path,
                f"it ends after {len(start)} bytes, and a safetensors file begins with 8, the length of its header",
            )
        length = int.from_bytes(start, "little")
        if length > min(MAX_HEADER, size - 8):
            refuse(path, _too_long(length, size), *_guess(start))
        text = file.read(length)
    if len(text) < length:
        refuse(path, f"it ends within its header, after {len(text) + 8:,} bytes")
    return _entries(path, parsed(path, text, "its header"), size - 8 - length)


def regular(path: str) -> None:
    """OSError for what is no file, or cannot be read."""
    os.close(opened(path, os.O_RDONLY))


def opened(path: str, flags: int) -> int:
    """An opener that takes regular files alone: a pipe would be waited for."""
    found = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    mode = os.fstat(found).st_mode
    if stat.S_ISREG(mode):
        return found
    os.close(found)
    raise OSError(0, "it is a folder" if stat.S_ISDIR(mode) else "it is no regular file", path)


def _too_long(length: int, size: int) -> str:
    told = f"its header is to have {length:,} bytes"
    if length <= MAX_HEADER:
        return f"{told}, and the whole file has {size:,}: it was cut off, or is no safetensors file"
    return f"{told}, more than the {MAX_HEADER >> 20} MiB that are read: this is no safetensors file"


def _guess(start: bytes) -> list[str]:
    """What it seems to be."""
    if start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04")):
        return [
            "it looks like what `torch.save` writes: name it .pt, or save it again by `safetensors.torch.save_file`"
        ]
    if start.startswith(b"version "):
        return ["it looks like a pointer of Git LFS: `git lfs pull` fetches the file itself"]
    if start.lower().startswith((b"<!doctyp", b"<html")):
        return ["it looks like a web page, as a download gives that was refused"]
    if start.startswith(b"\x89HDF"):
        return ["it looks like HDF5, as Keras writes it; only safetensors files are read"]
    return []


def parsed(path: str, text: bytes, what: str) -> dict[str, Any]:
    """The object that a text holds. `what` the text is, in messages."""
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except _Twice as problem:
        refuse(path, f"{what} has {problem} twice")
    except RecursionError:
        refuse(path, f"{what} is nested too deep")
    except ValueError as problem:
        refuse(path, f"{what} is not JSON: {problem}")
    if not isinstance(found, dict):
        refuse(path, f"{what} is no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice(Counter(name for name, _ in pairs).most_common(1)[0][0])
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _entries(path: str, header: dict[str, Any], room: int) -> Entries:
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        refuse(path, "__metadata__ in its header is not a table of strings")
    found: Entries = {}
    places: list[tuple[int, int, str]] = []
    for name, fields in header.items():
        entry, begin, end = _entry(path, name, fields, room)
        found[name] = entry
        places.append((begin, end, name))
    _held(path, sorted(places), room)
    return found


def _entry(path: str, name: str, fields: Any, room: int) -> tuple[Entry, int, int]:
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        refuse(path, f"{name} in its header needs dtype, shape and data_offsets, and nothing else")
    dtype, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        refuse(
            path, f"{name} holds numbers of the kind {dtype!r}, which is not known", f"known are {', '.join(DTYPES)}"
        )
    if not _counts(shape) or len(shape) > MAX_RANK:
        refuse(path, f"the shape of {name} is no list of sizes, {MAX_RANK} at most")
    if not _counts(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1]:
        refuse(path, f"data_offsets of {name} do not say where it begins and ends")
    begin, end = offsets
    torch_name, width = DTYPES[dtype]
    wanted = math.prod(shape) * width
    if wanted > MAX_SIZE:
        refuse(path, f"{name} is to be {_shown(shape)}, which no file can hold")
    if end > room:
        refuse(path, f"{name} ends at byte {end:,} of the data, and there are {room:,}: the file was cut off")
    if end - begin != wanted:
        refuse(path, f"{name} has {end - begin:,} bytes, and {dtype} {_shown(shape)} takes {wanted:,}")
    return Entry(tuple(shape), torch_name), begin, end


def _counts(given: Any) -> bool:
    return isinstance(given, list) and all(type(size) is int and 0 <= size < MAX_SIZE for size in given)


def _shown(shape: Sequence[int]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _held(path: str, places: list[tuple[int, int, str]], room: int) -> None:
    """Tensors lie one after the other: no byte belongs to two, or to none."""
    at, before = 0, ""
    for begin, end, name in places:
        if begin < at:
            refuse(path, f"{name} begins at byte {begin:,} of the data, within {before}")
        if begin > at:
            refuse(path, f"bytes {at:,} to {begin:,} of the data, before {name}, belong to no tensor")
        at, before = end, name
    if at < room:
        refuse(path, f"{room - at:,} bytes at its end belong to no tensor")
