"""Syntax tree -> typed IR: names, hyperparameter arithmetic, block expansion and shape inference."""

from nndsl.elaborate.check import check_source, check_spec, glance
from nndsl.elaborate.models import Expression, Spec, elaborate, open_spec
from nndsl.elaborate.paths import zoo
from nndsl.elaborate.project import Unreadable, decode, read

__all__ = [
    "Expression", "Spec", "Unreadable", "check_source", "check_spec", "decode", "elaborate", "glance", "open_spec",
    "read", "zoo",
]  # fmt: skip
