"""Files of weights by their endings: safetensors, what `torch.save` wrote, of which nothing but tensors is read, and
indices of several files."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nndsl.fit.entries import Entries, Entry, refuse
from nndsl.packages import need
from nndsl.weights.header import read_header, regular
from nndsl.weights.shards import is_index, located, placed

_CODE = re.compile(r"GLOBAL ([\w.]+)")
TORCH = (".pt", ".pth", ".bin")
WITHIN = ("state_dict", "model_state_dict", "model")  # where trainers keep the state dict among other things


def is_weights(path: str) -> bool:
    """A file of weights, an index, or a folder, and no spec."""
    return Path(path).suffix.lower() in (".safetensors", ".json", *TORCH) or Path(path).is_dir()


def entries_in(path: str) -> Entries:
    """Names, shapes and kinds of a file's tensors, of all that an index names, or of a folder's; nothing is allocated
    for them. Only files of `torch.save` need torch. Raises SpecError, OSError, ImportError where torch is missing."""
    path = located(path)
    if is_index(path):
        return {name: entries[name] for name, (_, entries) in placed(path, _entries).items()}
    return _entries(path)


def _entries(path: str) -> Entries:
    """Of one file."""
    ending = Path(path).suffix.lower()
    if ending == ".safetensors":
        return read_header(path)
    if ending not in TORCH:
        known = "weights are read from .safetensors files, indices of several, and by `torch.load(weights_only=True)`"
        refuse(path, f"{known} from .pt, .pth and .bin")
    state = _state(path, "meta")
    return {name: Entry(tuple(x.shape), str(x.dtype).removeprefix("torch.")) for name, x in state.items()}


def reader(path: str) -> Callable[[str], Any]:
    """What reads one tensor by its name, as the file has it. Files are mapped into memory."""
    path = located(path)
    if not is_index(path):
        return _reader(path)
    files = {name: file for name, (file, _) in placed(path, _entries).items()}
    readers: dict[str, Callable[[str], Any]] = {}

    def read(name: str) -> Any:
        file = files[name]
        if file not in readers:
            readers[file] = _reader(file)
        return readers[file](name)

    return read


def _reader(path: str) -> Callable[[str], Any]:
    if Path(path).suffix.lower() == ".safetensors":
        need("safetensors", "weights", "to load weights")
        from safetensors import SafetensorError, safe_open

        try:
            return safe_open(path, framework="pt", device="cpu").get_tensor
        except SafetensorError as problem:
            refuse(path, f"it cannot be read: {problem}")
    return _state(path, "cpu").__getitem__


def _state(path: str, device: str) -> dict[str, Any]:
    """The state dict of a file of `torch.save`."""
    need("torch", "torch", "to read files of torch.save")
    regular(path)
    try:
        found = _loaded(path, device)
    except OSError:
        raise
    except Exception as problem:  # whatever a file made by hand provokes
        refuse(path, f"`torch.load(weights_only=True)` refuses it: {_reason(problem)}",
               "save the state dict: `safetensors.torch.save_file(module.state_dict(), …)`")  # fmt: skip
    return _tensors(path, found)


def _reason(problem: Exception) -> str:
    """PyTorch's own words advise to load the file without that protection."""
    told = str(problem)
    code = _CODE.search(told)
    if code is not None:
        return f"it holds more than tensors, made by {code[1]}, which is not run"
    if "TorchScript" in told:
        return "it is a TorchScript archive, a program with its weights"
    if isinstance(problem, EOFError) or "zip archive" in told:
        return "it was cut off, or is no file of `torch.save`"
    return "it is no file of `torch.save`, or holds more than tensors"


def _loaded(path: str, device: str) -> Any:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about formats: what cannot be read is told below
        try:
            return torch.load(path, map_location=device, weights_only=True, mmap=device == "cpu" or None)
        except RuntimeError:  # of a format that cannot be mapped
            return torch.load(path, map_location=device, weights_only=True)


def _tensors(path: str, found: Any) -> dict[str, Any]:
    import torch

    if isinstance(found, Mapping) and not any(isinstance(value, torch.Tensor) for value in found.values()):
        inner = next((key for key in WITHIN if isinstance(found.get(key), Mapping)), None)
        found = found[inner] if inner is not None else found
    if not isinstance(found, Mapping):
        refuse(path, f"it holds a {type(found).__name__}, and no state dict")
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            refuse(path, f"{name} in it is a {type(value).__name__}, and no tensor")
        if value.layout != torch.strided:
            refuse(path, f"{name} in it is sparse")
    return dict(found)
