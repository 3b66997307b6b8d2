"""Diagnostics as JSON: a list of objects with these fields.

- `code`: what `nndsl explain` takes; `severity`: `error`, `warning` or `note`; `message`: one sentence.
- `file`, `line`, `column`, `end_line`, `end_column`: the place. Lines and columns count from 1, columns in characters
  (code points); the end is the place just after the last character.
- `label`: what is said at the place itself, perhaps empty.
- `labels`: further places, each with `message` and the five fields of a place.
- `trace`: the block expansions that led here, innermost first, each with `text` and the five fields of a place.
- `hints`: sentences that say what to try.
- `fixes`: changes that a program may apply, each with `title` and `edits`; an edit is a place and its `replacement`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nndsl.diagnostics import Diagnostic
from nndsl.render.places import place


def render(diagnostics: Sequence[Diagnostic]) -> str:
    return json.dumps([as_object(found) for found in diagnostics], indent=2) + "\n"


def as_object(found: Diagnostic) -> dict[str, Any]:
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        **place(found.span),
        "label": found.label,
        "labels": [{"message": label.text, **place(label.span)} for label in found.labels],
        "trace": [{"text": frame.text, **place(frame.span)} for frame in found.trace],
        "hints": list(found.hints),
        "fixes": [
            {
                "title": fix.title,
                "edits": [{**place(edit.span), "replacement": edit.replacement} for edit in fix.edits],
            }
            for fix in found.fixes
        ],
    }
