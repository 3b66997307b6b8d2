"""What an ONNX export is compared with: the live PyTorch module, in eval mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nndsl.model import Model


class TorchReference:
    """A module that is built when it is needed, as numpy sees it."""

    def __init__(self, model: Model, weights: Mapping[str, Any] | None = None, allow_extern: bool = False) -> None:
        self.module = model.module(allow_extern=allow_extern).eval()
        if weights is not None:
            import torch

            self.module.load_state_dict({key: torch.as_tensor(value) for key, value in weights.items()})

    @property
    def weights(self) -> dict[str, Any]:
        """State-dict names to numpy arrays, not copied."""
        return {key: _array(tensor) for key, tensor in self.module.state_dict().items()}

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """The outputs, in the order of the model's."""
        return [_array(value) for value in self._run(inputs)]

    def layers(self, inputs: Sequence[Any]) -> dict[str, Any]:
        """The result of every layer by its path, with which the first one that differs is found."""
        import torch

        found: dict[str, Any] = {}
        hooks = [
            layer.register_forward_hook(lambda _m, _i, result, path=path: found.setdefault(path, result))
            for path, layer in self.module.named_modules()
            if path
        ]
        try:
            self._run(inputs)
        finally:
            for hook in hooks:
                hook.remove()
        return {path: _array(value) for path, value in found.items() if isinstance(value, torch.Tensor)}

    def _run(self, inputs: Sequence[Any]) -> list[Any]:
        import torch

        with torch.no_grad():
            result = self.module(*[torch.as_tensor(value) for value in inputs])
        return list(result) if isinstance(result, tuple) else [result]


def _array(tensor: Any) -> Any:
    """numpy has no bfloat16, and float32 holds all its numbers."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
