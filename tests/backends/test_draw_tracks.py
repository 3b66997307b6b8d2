"""Lines side by side, each the first that is free: found without looking at all that lie there, as in the page."""

from __future__ import annotations

import random

from nndsl.backends.draw.tracks import Tracks
from tests.backends.browser import run_layout
from tests.work import calls

TAKE = "(cases) => cases.map((spans) => { const tracks = new Tracks(); return spans.map((s) => tracks.take(...s)); })"
Spans = list[tuple[int, int]]


def some_spans(seed: int, count: int) -> Spans:
    rng = random.Random(seed)
    lows = [rng.randrange(5 * count) for _ in range(count)]
    return [(low, low + rng.randrange(1 + seed % 40)) for low in lows]


def first_fit(spans: Spans) -> list[int]:
    """By looking at everything."""
    taken: list[Spans] = []
    found = []
    for low, high in spans:
        at = next((t for t, used in enumerate(taken) if all(high < a or b < low for a, b in used)), len(taken))
        taken += [[]] * (at == len(taken))
        taken[at] = [*taken[at], (low, high)]
        found.append(at)
    return found


def test_python_and_the_page_take_the_first_free_track() -> None:
    cases = [some_spans(seed, 3 + seed) for seed in range(120)]
    expected = [first_fit(spans) for spans in cases]
    assert max(max(tracks) for tracks in expected) > 5
    for spans, tracks in zip(cases, expected, strict=True):
        made = Tracks()
        assert [made.take(low, high) for low, high in spans] == tracks
    assert run_layout(TAKE, cases) == expected


def test_what_lies_on_a_track_is_not_looked_at_one_by_one() -> None:
    spans = [(10 * i, 10 * i + 5) for i in range(2000)]
    made = Tracks()
    assert calls(lambda: [made.take(low, high) for low, high in spans]) < 12 * len(spans)
