"""What passes make and no spec writes: a layer that has taken up the batch normalisation after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.families import NORMALIZATION
from nndsl.ops.schema import Op, Weight, param
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue
    from nndsl.ops.say import Say


class BatchNormFolded(Op, family=NORMALIZATION):
    """A convolution or Linear layer whose weights are scaled, and whose bias is moved, as the normalisation would do.

    With s = gamma / sqrt(var + eps): weight' = s * weight, bias' = s * (bias - mean) + beta. For inference only."""

    layer: Any = param(doc="the layer")
    norm: Any = param(doc="the batch normalisation after it")
    norm_label: str = param(doc="the name of the normalisation's weights")
    norm_borrowed: bool = param(False, doc="whether an outer graph owns the normalisation")

    hidden = True

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        found: TensorType | None = self.layer.shape(x, say=say)
        return found

    def weights(self, x: TensorType) -> list[Weight]:
        """The layer's own; the normalisation's are read through `norm_label`."""
        found: list[Weight] = self.layer.weights(x)
        return found

    def macs(self, x: TensorType, y: TensorType) -> Size | None:
        found: Size | None = self.layer.macs(x, y=y)
        return found

    def flops(self, x: TensorType, y: TensorType) -> Size | None:
        found: Size | None = self.biased().flops(x, y=y)
        return found

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return self.biased().onnx(_Folding(g, self, x.type), x)

    def biased(self) -> Op:
        """The layer with the bias that the normalisation brings."""
        made: Op = type(self.layer).of(self.layer.values() | {"bias": True})
        return made


class _Folding:
    """The builder as the layer sees it: its weights are the folded ones, all else is the builder's."""

    def __init__(self, g: OnnxBuilder, op: BatchNormFolded, x: TensorType) -> None:
        self._g: Any = g
        self._op = op
        self._types = {w.name: TensorType(w.dtype, w.shape) for w in op.biased().weights(x)}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._g, name)

    def weight(self, name: str) -> Any:
        return self._computed(name, lambda w: w(name), self._types[name])

    def packed(self, name: str, make: Any, shape: Any = None) -> Any:
        dtype = self._types["weight"].dtype
        return self._computed(name, make, None if shape is None else TensorType(dtype, tuple(shape)))

    def _computed(self, name: str, make: Any, type: TensorType | None) -> Any:
        norm = [(self._op.norm_label, self._op.norm_borrowed)]
        return self._g.computed(name, lambda w: make(_Folded(w, self._op)), norm, type)


class _Folded:
    """Reads folded weights; `own` reads the layer's, `norm` the normalisation's."""

    def __init__(self, w: Any, op: BatchNormFolded) -> None:
        self.np = w.np
        self.own, self.norm, self.op = w, w.of(1), op

    def __call__(self, name: str) -> Any:
        scale = self._scale()
        if name == "weight":
            weight = self.own("weight")
            return weight * self._along(scale, weight)
        return self._bias(scale).astype(self.norm("running_mean").dtype)

    def _scale(self) -> Any:
        """In double precision: the rounding of a float32 square root would show in every weight."""
        scale = 1.0 / self.np.sqrt(self.norm("running_var").astype("float64") + self.op.norm.eps)
        return scale * self.norm("weight") if self.op.norm.affine else scale

    def _bias(self, scale: Any) -> Any:
        layer, norm = self.op.layer, self.op.norm
        before = self.own("bias") if layer.bias else 0.0
        moved = (before - self.norm("running_mean").astype("float64")) * scale
        return moved + self.norm("bias") if norm.affine and norm.bias else moved

    def _along(self, scale: Any, weight: Any) -> Any:
        """The scale per output channel, shaped as the weight wants it: on axis 1, in groups, for transposed layers."""
        scale = scale.astype(weight.dtype)
        ones = (1,) * (weight.ndim - 2)
        if not self.op.layer.name.startswith("ConvTranspose"):
            return scale.reshape(-1, 1, *ones)
        groups = self.op.layer.groups
        per_group = scale.reshape(groups, 1, -1).repeat(weight.shape[0] // groups, axis=1)
        return per_group.reshape(weight.shape[0], -1, *ones)
