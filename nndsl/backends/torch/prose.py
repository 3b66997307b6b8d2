"""What a spec says of a block, as the docstring of its class.

The comment is about the block: it may show how a spec uses it, and name hyperparameters that the class has not.
Those sentences, clauses and asides are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
_CODE = re.compile(r"`([^`]*)`")
_ASIDE = re.compile(r"\s*\(`([^`]*)`\)")
_EXAMPLE = re.compile(r": `([^`]*)`(?=\.?$)")
Foreign = Callable[[str], bool]  # has the class nothing that bears this code?

_NAME = re.compile(r"[A-Za-z_][\w.]*")
_PART = re.compile(r"([A-Za-z_]\w*)\[[\w\s,:+-]+\]")  # of an input or a layer: Python reads it alike


def prose(doc: str, hyper: Collection[str], known: Collection[str]) -> str:
    """`hyper`: the block's hyperparameters; `known`: what the class has: arguments, layers."""

    def foreign(code: str) -> bool:
        found = _PART.fullmatch(code)
        if found is not None:
            return found[1] not in known
        return _NAME.fullmatch(code) is None or (code in hyper and code not in known)

    return "\n\n".join(filter(None, (_paragraph(part, foreign) for part in doc.split("\n\n"))))


def _paragraph(text: str, foreign: Foreign) -> str:
    sentences = (_sentence(part, foreign) for part in _SENTENCE.split(" ".join(text.split())))
    return " ".join(filter(None, sentences))


def _sentence(text: str, foreign: Foreign) -> str:
    text = _ASIDE.sub(lambda found: "" if foreign(found[1]) else found[0], text)
    text = _EXAMPLE.sub(lambda found: "" if foreign(found[1]) else found[0], text)
    clauses = text.removesuffix(".").split("; ")
    kept = [clause for clause in clauses if not any(map(foreign, _CODE.findall(clause)))]
    end = "." if text.endswith(".") and kept else ""
    return "; ".join(kept) + end
