"""Files of weights by their endings: safetensors, and what `torch.save` wrote, of which nothing but tensors is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nndsl.weights.entries import Entries, Entry, refuse
from nndsl.weights.header import read_header

TORCH = (".pt", ".pth", ".bin")
WITHIN = ("state_dict", "model_state_dict", "model")  # where trainers keep the state dict among other things


def entries_in(path: str) -> Entries:
    """Names, shapes and kinds of a file's tensors; nothing is allocated for them. Only files of `torch.save` need
    torch. Raises SpecError, OSError, and ImportError where torch is missing."""
    ending = Path(path).suffix.lower()
    if ending == ".safetensors":
        return read_header(path)
    if ending not in TORCH:
        known = (
            "weights are read from .safetensors files, and by `torch.load(weights_only=True)` from .pt, .pth and .bin"
        )
        refuse(path, known)
    state = _state(path, "meta")
    return {name: Entry(tuple(x.shape), str(x.dtype).removeprefix("torch.")) for name, x in state.items()}


def reader(path: str) -> Callable[[str], Any]:
    """What reads one tensor by its name, as the file has it. The file is mapped into memory."""
    if Path(path).suffix.lower() == ".safetensors":
        from safetensors import SafetensorError, safe_open

        try:
            return safe_open(path, framework="pt", device="cpu").get_tensor
        except SafetensorError as problem:
            refuse(path, f"it cannot be read: {problem}")
    return _state(path, "cpu").__getitem__


def _state(path: str, device: str) -> dict[str, Any]:
    """The state dict of a file of `torch.save`."""
    from importlib.util import find_spec

    from nndsl.weights.header import regular

    if find_spec("torch") is None:
        raise ImportError('to read files of torch.save torch is needed: pip install "nndsl[torch]"')
    regular(path)
    try:
        found = _loaded(path, device)
    except OSError:
        raise
    except Exception as problem:  # whatever a file made by hand provokes
        reason = str(problem).strip().splitlines() or [type(problem).__name__]
        refuse(path, f"`torch.load(weights_only=True)` refuses it: {reason[0]}",
               "save the state dict: `safetensors.torch.save_file(module.state_dict(), …)`")  # fmt: skip
    return _tensors(path, found)


def _loaded(path: str, device: str) -> Any:
    import torch

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
