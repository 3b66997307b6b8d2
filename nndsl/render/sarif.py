"""Diagnostics as SARIF 2.1.0, which code-scanning services and editors read."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from nndsl.diagnostics import Diagnostic, Fix
from nndsl.render import explanations
from nndsl.render.places import place
from nndsl.source import Source, Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

Object = dict[str, Any]


def render(diagnostics: Sequence[Diagnostic]) -> str:
    codes = sorted({found.code for found in diagnostics})
    run = {
        "tool": {"driver": {"name": "nndsl", "version": _version(), "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, codes.index(found.code)) for found in diagnostics],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nndsl")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


def _rule(code: str) -> Object:
    page = explanations.page(code)
    rule: Object = {"id": code, "shortDescription": {"text": explanations.summary(code) or code}}
    if page is not None:
        rule["help"] = {"text": page, "markdown": page}
    return rule


def _result(found: Diagnostic, rule_index: int) -> Object:
    result: Object = {
        "ruleId": found.code,
        "ruleIndex": rule_index,
        "level": found.severity,
        "message": {"text": _words(found)},
        "locations": [_location(found.span)],
    }
    related = [(label.span, label.text) for label in found.labels]
    related += [(frame.span, f"in {frame.text}") for frame in found.trace]
    if related:
        result["relatedLocations"] = [
            {"id": at, **_location(span), **({"message": {"text": text}} if text else {})}
            for at, (span, text) in enumerate(related)
        ]
    if found.fixes:
        result["fixes"] = [_fix(fix) for fix in found.fixes]
    return result


def _words(found: Diagnostic) -> str:
    parts = [found.message, found.label, *(f"help: {hint}" for hint in found.hints)]
    return "\n".join(part for part in parts if part)


def _location(span: Span) -> Object:
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(span.source)}, "region": _region(span)}}


def _region(span: Span) -> Object:
    where = place(span)
    return {
        "startLine": where["line"],
        "startColumn": where["column"],
        "endLine": where["end_line"],
        "endColumn": where["end_column"],
    }


def _uri(source: Source) -> str:
    """Relative to where the check ran, as services expect; absolute paths as file URIs."""
    from urllib.parse import quote

    name = source.name.replace(os.sep, "/")
    quoted = quote(name, safe="/", errors="replace")
    return f"file://{quoted}" if name.startswith("/") else quoted


def _fix(fix: Fix) -> Object:
    """Edits by file; each replaces a region."""
    changes: dict[str, list[Object]] = {}
    for edit in fix.edits:
        replacement: Object = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}}
        changes.setdefault(_uri(edit.span.source), []).append(replacement)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": {"uri": uri}, "replacements": replacements} for uri, replacements in changes.items()
        ],
    }
