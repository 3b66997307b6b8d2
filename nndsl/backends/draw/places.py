"""Where flows pass the sides of regions, without a copy for each region that they pass.

A value that every layer uses goes through a nest as deep as the model is long. What a region takes over from what it
holds is moved as a whole, and what several hold is put into the largest of them: each place is written log n times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain


class Places:
    """From flows to places along a side, in the order in which they came."""

    __slots__ = ("_back", "_by", "_front")

    def __init__(self, at: Mapping[int, float] | None = None) -> None:
        self._front: dict[int, float] = {}  # what stands before the others, the last first
        self._back: dict[int, float] = dict(at) if at else {}
        self._by = 0.0  # how far all of them were moved

    def __len__(self) -> int:
        return len(self._front) + len(self._back)

    def __contains__(self, flow: int) -> bool:
        return flow in self._back or flow in self._front

    def __getitem__(self, flow: int) -> float:
        found = self._back.get(flow)
        return (self._front[flow] if found is None else found) + self._by

    def __setitem__(self, flow: int, x: float) -> None:
        (self._front if flow in self._front else self._back)[flow] = x - self._by

    def __iter__(self) -> Iterator[int]:
        return chain(reversed(self._front), self._back)

    def items(self) -> Iterator[tuple[int, float]]:
        by = self._by
        return ((flow, x + by) for flow, x in chain(reversed(self._front.items()), self._back.items()))

    def copy(self) -> Places:
        return Places(dict(self.items()))

    def moved(self, by: float) -> Places:
        """The same places from another origin. It takes this one's place: what is added to one is in the other too."""
        made = Places()
        made._front, made._back, made._by = self._front, self._back, self._by + by
        return made


def joined(parts: list[tuple[Places, float]]) -> Places:
    """All of the parts in their order, each moved so far; the largest becomes the whole."""
    if not parts:
        return Places()
    largest = max(range(len(parts)), key=lambda i: len(parts[i][0]))
    made = parts[largest][0].moved(parts[largest][1])
    by = made._by
    for places, off in reversed(parts[:largest]):
        made._front.update((flow, x + off - by) for flow, x in reversed([*places.items()]))
    for places, off in parts[largest + 1 :]:
        made._back.update((flow, x + off - by) for flow, x in places.items())
    return made


def united(sets: Iterable[set[int]]) -> set[int]:
    """What is in any of the sets; the largest becomes the whole."""
    found = [*sets]
    made = max(found, key=len)
    for other in found:
        if other is not made:
            made |= other
    return made
