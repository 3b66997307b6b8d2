"""How a weight gets its first values: the names and arguments of torch.nn.init, without the underscore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nndsl.shapes import Size


@dataclass(frozen=True, slots=True, eq=False)
class Initializer:
    """`xavier_uniform(gain=2)`: applied as `nn.init.xavier_uniform_(weight, gain=2)`."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    described = "an initialiser"

    def __str__(self) -> str:
        from nndsl.ops.schema import spell_value

        inside = ", ".join(f"{k}={spell_value(v)}" for k, v in self.arguments.items())
        return f"{self.name}({inside})" if inside else self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Initializer) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> Any:
        from nndsl.ops.kinds import exact

        return self.name, exact(self.arguments)

    def misfit(self, shape: Sequence[Size]) -> str | None:
        """Why a weight of this shape cannot be filled so; None when it can."""
        least, most = RANKS.get(self.name, (0, None))
        if len(shape) >= least and (most is None or len(shape) <= most):
            return None
        wanted = f"{least}" if most == least else f"{least} to {most}" if most else f"at least {least}"
        spelled = "[" + ", ".join(map(str, shape)) + "]"
        return f"{self.name} is for weights of {wanted} dims, and this one is {spelled}"


# name -> parameters in order: (name, default); no default: required
INITIALIZERS: dict[str, tuple[tuple[str, Any], ...]] = {
    "zeros": (),
    "ones": (),
    "eye": (),
    "dirac": (("groups", 1),),
    "constant": (("val", ...),),
    "uniform": (("a", 0.0), ("b", 1.0)),
    "normal": (("mean", 0.0), ("std", 1.0)),
    "trunc_normal": (("mean", 0.0), ("std", 1.0), ("a", -2.0), ("b", 2.0)),
    "xavier_uniform": (("gain", 1.0),),
    "xavier_normal": (("gain", 1.0),),
    "kaiming_uniform": (("a", 0.0), ("mode", "fan_in"), ("nonlinearity", "leaky_relu")),
    "kaiming_normal": (("a", 0.0), ("mode", "fan_in"), ("nonlinearity", "leaky_relu")),
    "orthogonal": (("gain", 1.0),),
    "sparse": (("sparsity", ...), ("std", 0.01)),
}

# The ranks that torch.nn.init accepts: (least, most).
RANKS: dict[str, tuple[int, int | None]] = {
    "eye": (2, 2),
    "sparse": (2, 2),
    "dirac": (3, 5),
    "orthogonal": (2, None),
    "xavier_uniform": (2, None),
    "xavier_normal": (2, None),
    "kaiming_uniform": (2, None),
    "kaiming_normal": (2, None),
}

_CHOICES = {
    "mode": ("fan_in", "fan_out"),
    "nonlinearity": (
        "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
        "sigmoid", "tanh", "relu", "leaky_relu", "selu",
    ),
}  # fmt: skip


def make_initializer(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Initializer:
    """From the arguments that a spec gives; arguments at their default are left out. Raises Unfit."""
    from nndsl.ops.kinds import Unfit

    if name not in INITIALIZERS:
        raise Unfit(f"there is no initialiser {name}", choices=tuple(INITIALIZERS))
    declared = dict(INITIALIZERS[name])
    given = _bound(name, tuple(declared), args, kwargs)
    missing = [key for key, default in declared.items() if default is ... and key not in given]
    if missing:
        raise Unfit(f"{name} needs {missing[0]}")
    values = {key: _converted(name, key, given[key]) for key in declared if key in given}
    _judge(name, {key: values.get(key, default) for key, default in declared.items()})
    return Initializer(name, {key: value for key, value in values.items() if value != declared[key]})


def _bound(name: str, names: tuple[str, ...], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    from nndsl.ops.kinds import Unfit

    if len(args) > len(names):
        takes = f"at most {len(names)} ({', '.join(names)})" if names else "no arguments"
        raise Unfit(f"{name} takes {takes}, and {len(args)} are given")
    given = dict(zip(names, args, strict=False))
    for key, value in kwargs.items():
        if key not in names:
            raise Unfit(f"{name} has no argument {key}", choices=names)
        if key in given:
            raise Unfit(f"{name} is given {key} twice")
        given[key] = value
    return given


def _converted(name: str, key: str, value: Any) -> Any:
    from nndsl.ops.kinds import KINDS, Unfit

    if key in _CHOICES:
        if value not in _CHOICES[key]:
            raise Unfit(f"{key} is one of {', '.join(_CHOICES[key])}", choices=_CHOICES[key])
        return value
    try:
        return KINDS["int" if key == "groups" else "float"].convert(value)
    except Unfit as problem:
        raise Unfit(f"{key} {problem.message}") from None


def _judge(name: str, values: dict[str, Any]) -> None:
    """What PyTorch would refuse, or turn into nonsense, when the weight is filled."""
    from nndsl.ops.kinds import Unfit

    if values.get("std", 0.0) < 0:
        raise Unfit(f"std is at least 0, not {values['std']}")
    if values.get("groups", 1) < 1:
        raise Unfit(f"groups is at least 1, not {values['groups']}")
    if not 0 <= values.get("sparsity", 0.0) <= 1:
        raise Unfit(f"sparsity is between 0 and 1, not {values['sparsity']}")
    if name in ("uniform", "trunc_normal") and values["a"] > values["b"]:
        raise Unfit(f"{name} draws from a to b, and a = {values['a']} is greater than b = {values['b']}")
