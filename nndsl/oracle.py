"""What an ONNX export is compared with: the live PyTorch module, in eval mode."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any

from nndsl.foreign import ForeignLayers

if TYPE_CHECKING:
    from nndsl.disturbance import Disturbance
    from nndsl.model import Model

VARIANTS = 8  # of each precision


class TorchReference:
    """The module, as numpy sees it. `dtype`: what `float` is in the file; PyTorch computes half precision in single."""

    def __init__(
        self,
        model: Model,
        weights: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        allow_extern: bool = False,
        dtype: str = "float32",
        mapping: str | None = None,
    ) -> None:
        self.graph = model.ir
        self.floating = "float64" if dtype == "float64" else "float32"
        self.disturbance: Disturbance | None = None
        self.draws: Sequence[Any] = ()
        with _default(self.floating):
            self.module = model.module(weights=weights, mapping=mapping, allow_extern=allow_extern).eval()

    @property
    def weights(self) -> dict[str, Any]:
        """State-dict names to numpy arrays, not copied."""
        return {key: _array(tensor) for key, tensor in self.module.state_dict().items()}

    def foreign(self, opset: int, dtype: str) -> ForeignLayers:
        """What exports the model's layers that are written in Python."""
        return ForeignLayers(self.graph, self.module, self._run, floating=self.floating, dtype=dtype, opset=opset)

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """The outputs, in the order of the model's."""
        return [_array(value) for value in self._run(inputs)]

    def layers(self, inputs: Sequence[Any]) -> dict[str, Any]:
        """The result of every layer by its path, with which the first one that differs is found."""
        import torch

        found: dict[str, Any] = {}

        def keep(path: str, result: Any) -> None:
            """The last result of a layer that is used several times; what a hook gives would replace it."""
            found[path] = result

        hooks = [
            layer.register_forward_hook(lambda _m, _i, result, path=path: keep(path, result))
            for path, layer in self.module.named_modules()
            if path
        ]
        try:
            self._run(inputs)
        finally:
            for hook in hooks:
                hook.remove()
        return {path: _array(value) for path, value in found.items() if isinstance(value, torch.Tensor)}

    def variants(self, epsilon: float) -> Iterator[TorchReference]:
        """The same function, rounded elsewhere: in double precision too, with inputs that differ by `epsilon`, and with
        equals in another order."""
        from nndsl.disturbance import Disturbance

        for floating in dict.fromkeys((self.floating, "float64")):
            made = copy(self)
            made.floating = floating
            made.module = self.module if floating == self.floating else deepcopy(self.module).double()
            for seed in range(VARIANTS):
                made.disturbance = Disturbance(epsilon, seed)
                yield made

    def replaying(self, draws: Sequence[Any]) -> TorchReference:
        """The same, with these random numbers in place of its own, in their order."""
        made = copy(self)
        made.draws = draws
        return made

    def _given(self, inputs: Sequence[Any]) -> list[Any]:
        import torch

        given = [torch.as_tensor(value) for value in inputs]
        if self.disturbance is None:
            return given
        own = [value.dtype == "float" for value in self.graph.inputs]  # others keep the type that the spec gives them
        typed = [x.to(getattr(torch, self.floating)) if is_own else x for x, is_own in zip(given, own, strict=True)]
        return self.disturbance.inputs(typed)

    def _run(self, inputs: Sequence[Any]) -> list[Any]:
        import torch

        from nndsl.replay import Replay

        replay = Replay(self.draws) if self.draws else None
        with torch.no_grad(), _default(self.floating), self.disturbance or nullcontext(), replay or nullcontext():
            result = self.module(*self._given(inputs))
        if replay is not None:
            replay.done()
        results = result if isinstance(result, tuple) else [result]
        return [value for value in results if value is not None]  # an output of training alone is None in eval


@contextmanager
def _default(dtype: str) -> Iterator[None]:
    """PyTorch's default type, whatever the caller has made it."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _array(tensor: Any) -> Any:
    """numpy has no bfloat16, and float32 holds all its numbers."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
