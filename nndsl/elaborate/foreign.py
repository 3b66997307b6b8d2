"""Words of other frameworks, and what stands for them here: asked where a name, argument or attribute is unknown."""

from __future__ import annotations

import re
from functools import cache

from nndsl.elaborate.paths import zoo

PREFIXES = frozenset(
    {"nn", "torch", "F", "tf", "keras", "layers", "functional", "np", "numpy", "jnp", "jax", "flax", "torchvision"}
    | {"math", "einops"}
)

_LIST = "layers in sequence are a list: `[Linear(8), ReLU]`"
_LAYERS = {
    "Dense": "Linear",
    "FC": "Linear",
    "FullyConnected": "Linear",
    "BatchNormalization": "it is `BatchNorm1d`, `BatchNorm2d` or `BatchNorm3d`, by the number of dims",
    "BatchNorm": "it is `BatchNorm1d`, `BatchNorm2d` or `BatchNorm3d`, by the number of dims",
    "LayerNormalization": "LayerNorm",
    "GroupNormalization": "GroupNorm",
    "SeparableConv2D": "DepthwiseSeparableConv",
    "DepthwiseConv2D": "a depthwise convolution has a group for each channel: `Conv2d(C, 3, groups=C)`",
    "Activation": "an activation is a layer: `-> ReLU`",
    "Sequential": _LIST,
    "ModuleList": _LIST,
    "ModuleDict": "a list with labels: `[first: Linear(8), second: Linear(8)]`",
    "Compose": _LIST,
    "Lambda": "a `block` is a layer of your own, `{ … }` one where it stands",
    "Input": "`input x: float[N, 8]` declares an input",
    "InputLayer": "`input x: float[N, 8]` declares an input",
    "Cat": "Concat",
    "Concatenate": "Concat",
    "View": "Reshape",
    "Bidirectional": "it is an argument: `LSTM(32, bidirectional=true)`",
    "TimeDistributed": "layers that work on the last dim do it at each step: `x -> Linear(8)`",
    "Swish": "SiLU",
    "HardSwish": "Hardswish",
    "LRN": "LocalResponseNorm",
    "ZeroPadding2D": "Pad",
    "ZeroPad2d": "Pad",
    "UpSampling2D": "Upsample",
    "SpatialDropout1D": "Dropout1d",
    "SpatialDropout2D": "Dropout2d",
    "Attention": "there are `SelfAttention(heads)`, `CrossAttention(heads)` and `MultiheadAttention(num_heads)`",
    "MultiHeadAttention": "MultiheadAttention",
    "PositionalEncoding": "there are `SinusoidalPositionalEncoding` and `LearnedPositionalEncoding(max_len)`",
    "PositionalEmbedding": "there are `SinusoidalPositionalEncoding` and `LearnedPositionalEncoding(max_len)`",
    "Parameter": "`param p: float[8] = zeros` declares a trained tensor",
    "CrossEntropyLoss": "a loss is not a part of the model: it stands in `train NAME { loss = … }`",
    "MSELoss": "a loss is not a part of the model: it stands in `train NAME { loss = … }`",
}
_POOLED = re.compile(r"Global(Average|Avg|Max)Pool(?:ing)?(\d?)[Dd]?")
_SIZED = re.compile(r"(MaxPool|AveragePool|AvgPool)(?:ing)?(\d)[Dd]|Conv(\d)[Dd]Transpose")

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "filters": ("out_channels",), "num_filters": ("out_channels",), "channels": ("out_channels",),
    "units": ("out_features", "hidden_size"), "features": ("out_features",), "hidden_units": ("hidden_size",),
    "kernel": ("kernel_size",), "ksize": ("kernel_size",), "pool_size": ("kernel_size",), "k": ("kernel_size",),
    "strides": ("stride",), "dilation_rate": ("dilation",), "use_bias": ("bias",), "pad": ("padding",),
    "rate": ("p",), "prob": ("p",), "dropout_rate": ("p", "dropout"), "epsilon": ("eps",), "axis": ("dim",),
    "axes": ("dims", "dim"), "keepdims": ("keepdim",), "alpha": ("negative_slope",), "heads": ("num_heads",),
    "n_heads": ("num_heads", "heads"), "nhead": ("num_heads", "heads"), "num_heads": ("heads",),
    "layers": ("num_layers",), "n_layers": ("num_layers",), "vocab_size": ("num_embeddings",),
    "input_dim": ("num_embeddings",), "output_dim": ("embedding_dim",), "size": ("output_size",),
    "kernel_initializer": ("init",), "weight_init": ("init",), "bias_initializer": ("bias_init",),
}  # fmt: skip
INFERRED = "input sizes are inferred: leave it out"
_NOTES = {
    **dict.fromkeys(
        ("in_features", "in_channels", "input_size", "num_features", "normalized_shape", "embed_dim", "input_shape",
         "num_channels", "in1_features", "in2_features", "batch_input_shape"), INFERRED),
    "activation": "an activation is a layer of its own, after this one: `-> ReLU`",
    "inplace": "leave it out: no layer overwrites its input",
    "data_format": "images are [N, C, H, W]; `Permute(0, 3, 1, 2)` makes them so",
    "device": "leave it out: where a model runs is chosen when it runs",
    "name": "a label is a layer's name: `stem: Conv2d(16, 3)`",
    "training": "leave it out: a layer knows whether the model is training",
    "trainable": "leave it out: which weights are trained is chosen when training",
}  # fmt: skip

_METHODS = {
    "view": "Reshape", "size": "shape", "dim": "ndim", "unsqueeze": "Unsqueeze", "squeeze": "Squeeze", "t": "T",
    "cat": "Concat", "to": "Cast(float)", "float": "Cast(float)", "long": "Cast(int)", "int": "Cast(int32)",
    "half": "Cast(float16)", "type": "Cast(float)",
    "detach": "StopGradient", "matmul": "@", "mm": "@", "bmm": "@", "add": "+", "sub": "-", "mul": "*", "div": "/",
    "pow": "**", "eq": "==", "transpose": "Transpose", "contiguous": "", "clone": "",
}  # fmt: skip


def layer(name: str) -> str | None:
    """What is here what other frameworks call so: a name, or a sentence."""
    if name in _LAYERS:
        return _LAYERS[name]
    if found := _POOLED.fullmatch(name):
        kind = "Max" if found[1] == "Max" else "Avg"
        return f"write `Adaptive{kind}Pool{found[2] or 2}d(1) -> Flatten`"
    if found := _SIZED.fullmatch(name):
        return f"ConvTranspose{found[3]}d" if found[3] else f"{found[1].replace('Average', 'Avg')}{found[2]}d"
    return shipped(name)


def shipped(name: str) -> str | None:
    """A model of the zoo."""
    path = _models().get(name)
    return f'a shipped model is imported: `from "zoo/{path}" import {name}`' if path else None


@cache
def _models() -> dict[str, str]:
    return {
        name: path.name
        for path in sorted(zoo().glob("*.nn"))
        for name in re.findall(r"^(?:block|model)\s+(\w+)", path.read_text("utf-8"), re.M)
    }


def argument(name: str, known: list[str]) -> tuple[str | None, str | None]:
    """The argument that is meant, or what to do without it."""
    meant = next((found for found in _ARGUMENTS.get(name, ()) if found in known), None)
    return meant, None if meant else _NOTES.get(name)


def method(name: str) -> str | None:
    """What stands for `x.name(…)`."""
    found = _meant(name)
    if found is None:
        return None
    if not found:
        return f"leave out .{name}: it changes nothing here"
    if found[0].isupper() and len(found) > 1:
        return f"operations are layers: `x -> {found}`"
    return f"it is written `x.{found}`" if found.isidentifier() else f"it is written `x {found} y`"


def operation(name: str) -> str | None:
    """The layer that takes the arguments of `x.name(…)` or `name(x, …)`."""
    found = _meant(name)
    return found if found is not None and found.isidentifier() and found[:1].isupper() and len(found) > 1 else None


def _meant(name: str) -> str | None:
    found = _METHODS.get(name)
    if found is None:
        from nndsl import ops

        everything = ops.everything().items()
        found = next((op for op, cls in everything if not cls.hidden and op.lower() == name.lower()), None)
    return found
