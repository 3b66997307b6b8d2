"""What `nndsl new` writes is a spec without mistakes, in the formatter's form."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.cli.new import TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_template(template: str) -> None:
    text = TEMPLATES[template].format(name="Fresh")
    assert nndsl.check(text) == []
    assert nndsl.format_text(text) == text
    assert nndsl.loads(text).name == "Fresh"
