"""`nndsl new`: a spec to start from."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from nndsl.cli.failures import Failed, say
from nndsl.cli.specs import save

TEMPLATES = {
    "cnn": """# {name}: a small convolutional classifier.
model {name}(classes: int = 10, width: int = 32) {{
  input image: float[N, 3, H, W]
  require H % 4 == 0 and W % 4 == 0, "two halvings need sides divisible by 4"

  output logits: [N, classes] = image
    -> ConvNormAct(width, 3) -> MaxPool2d(2)
    -> ConvNormAct(2 * width, 3) -> MaxPool2d(2)
    -> AdaptiveAvgPool2d(1) -> Flatten
    -> Dropout(0.1)
    -> head: Linear(classes)
}}

train {name} {{
  data = Digits(batch_size=64)
  loss = CrossEntropy(logits, label)
  optimizer = AdamW(lr=1e-3)
  epochs = 10
}}
""",
    "mlp": """# {name}: a multilayer perceptron.
model {name}(hidden: list[int] = [256, 128], classes: int = 10) {{
  input x: float[N, 784]
  output logits: [N, classes] = x
    -> body: [[Linear(width), ReLU] for width in hidden]
    -> head: Linear(classes)
}}
""",
    "transformer": """# {name}: a Transformer encoder over token sequences.
model {name}(vocab: int = 32000, dim: int = 256, depth: int = 4, heads: int = 8, classes: int = 2) {{
  input tokens: int[B, T]
  require dim % heads == 0

  h = tokens -> embed: Embedding(vocab, dim)
    -> SinusoidalPositionalEncoding
    -> encoder: [TransformerEncoderLayer(heads, 4 * dim)] * depth
    -> norm: LayerNorm
  output logits: [B, classes] = h -> Mean(dim=1) -> head: Linear(classes)
}}
""",
}


def taken(name: str) -> bool:
    """`model Linear` would hide the layer that its own body uses."""
    from nndsl.diagnostics import Diagnostics
    from nndsl.elaborate.project import Project
    from nndsl.ops import lookup

    if name in ("None", "True", "False"):  # how Python spells what the language has
        return True
    return lookup(name) is not None or name in Project(Diagnostics()).library()


@click.command("new")
@click.argument("path", metavar="FILE.nn")
@click.option(
    "--template", type=click.Choice(tuple(TEMPLATES)), default="cnn", show_default=True, help="What to start from."
)
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
def command(path: str, template: str, force: bool) -> None:
    """Write a small spec to start from."""
    stem, ending = os.path.splitext(path)
    if ending not in ("", ".nn") or os.path.basename(stem) in ("", "-", ".", "..", ".nn"):
        raise click.BadParameter(f"a spec's file ends in .nn, and this is {path!r}", param_hint="FILE.nn")
    target = Path(f"{stem}.nn")
    if target.exists() and not force:
        say(f"nndsl: {target} exists; --force overwrites it")
        raise Failed(2)
    words = re.findall(r"[A-Za-z0-9]+", os.path.basename(target)[:-3])
    name = "".join(w[:1].upper() + w[1:] for w in words) or "Model"
    if name[0].isdigit() or taken(name):
        name = f"Model{name}"
    save(target, TEMPLATES[template].format(name=name))
    say(f"{target}: now `nndsl check {target}` and `nndsl build {target} -o out`")
