"""Names in generated Python: which are possible, which are taken, how a spec's names become them."""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Container

# What an attribute of a module must not hide: everything that `nn.Module` defines (a test compares).
MODULE_ATTRIBUTES = frozenset(
    {
        "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children",
        "compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward",
        "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half", "ipu",
        "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
        "named_parameters", "parameters", "register_backward_hook", "register_buffer",
        "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
        "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook", "register_module", "register_parameter",
        "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
        "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
        "training", "type", "xpu", "zero_grad",
    }
)  # fmt: skip

# Further names that PyTorch's containers refuse as keys: their own methods.
_CONTAINER_METHODS = {"append", "clear", "extend", "insert", "items", "keys", "pop", "update", "values"}

_ROUND = re.compile(r"(-?[1-9])(0{6,})\.0")
_AMBIGUOUS = {"l", "O", "I"}  # as a variable a reader takes them for 1 and 0
RESERVED = (
    frozenset(dir(builtins))
    | frozenset(keyword.kwlist)
    | _AMBIGUOUS
    | {"self", "torch", "nn", "F", "math", "Tensor", "NamedTuple", "OrderedDict", "_"}
)

GENERIC = ("x", "y", "z", "u", "v", "w")  # for what has no better name

_FEATURES = ("D", "E", "F")
_SIDES = ("H", "W", "T", "L", "N", "B")
_DIMS = {
    "H": "height",
    "W": "width",
    "T": "length",
    "L": "length",
    "S": "source_length",
    "V": "vocab",
    "B": "batch",
    "N": "batch",
}


def is_plain(name: str) -> bool:
    """An identifier that anyone can type."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def is_attribute(label: str) -> bool:
    """Can `self.<label>` be a layer?"""
    return is_plain(label) and not is_taken(label)


def is_taken(label: str) -> bool:
    """Does a module mean something else by it, or may it? Such a layer is registered past `__setattr__`."""
    return label in MODULE_ATTRIBUTES or label.startswith("_")


def is_key(label: str) -> bool:
    """Can it name a member of `nn.Sequential` or `nn.ModuleDict`?"""
    return not is_taken(label) and label not in _CONTAINER_METHODS


def variable(name: str) -> str:
    """A spec's name as a local variable or an argument."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
    if plain[0].isdigit() or set(plain) == {"_"}:
        plain = "v" + plain
    return plain + "_" if plain in RESERVED else plain


def class_name(name: str) -> str:
    """A block's name as a class."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII) or "Block"
    if plain[0].isdigit():
        plain = "Block" + plain
    return plain + "Block" if plain in RESERVED else plain


def dim_name(name: str, rank: int, axis: int, of: str) -> str:
    """A size of an input as an argument: `D` -> `dim`, `Heads` -> `heads`; the channels of the input `skip` are
    `skip_channels`. `name`: what the spec calls it, if anything; `of`: the input, "" for the first one."""
    features = rank - 1 if rank < 4 else 1
    if len(name) > 1:
        return variable(name.lower())
    if name == "C" or (rank >= 4 and axis == 1 and name not in _SIDES):
        base = "channels"
    elif axis == features or name in _FEATURES:
        base = "dim" if name in ("", *_FEATURES) else _DIMS.get(name, "dim")
    else:
        base = _DIMS.get(name, variable(name.lower()) if name else f"size_{axis}")
    if of:
        return f"{variable(of)}_{base}"
    return f"in_{base}" if base == "channels" else base


def pascal(label: str) -> str:
    """`downsample` -> `Downsample`, `layer_norm` -> `LayerNorm`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", label))


def member(label: str) -> str:
    """What the loop over `blocks` calls one of them: `block`."""
    last = label.rsplit("_", 1)[-1]
    if last.endswith("s") and len(last) > 3 and not last.endswith("ss"):
        return variable(label[:-1])
    return "layer"


def numbered(name: str, taken: Container[str]) -> str:
    """A class's name: `name`, or the first of `name2`, `name3`, … that is not taken."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}{number}", number + 1
    return found


def fresh(name: str, taken: Container[str]) -> str:
    """`name`, or the first of `name_2`, `name_3`, … that is not taken."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def quote(text: str) -> str:
    """A string literal as the formatter wants it: double quotes, unless they need more escapes."""
    plain = repr(text)
    if plain[0] == '"' or text.count('"') > text.count("'"):
        return plain
    inside = plain[1:-1].replace("\\'", "'").replace('"', '\\"')
    return f'"{inside}"'


def number(value: float) -> str:
    """Shortest spelling: `1e-05` is `1e-5`, `1000000.0` is `1e6`."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, float) and (long := _ROUND.fullmatch(repr(value))) is not None:
        return f"{long[1]}e{len(long[2])}"
    return re.sub(r"e([+-])0*(\d)", lambda m: f"e{m[1].replace('+', '')}{m[2]}", repr(value))
