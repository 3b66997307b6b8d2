"""Layers that the language has itself, beside the operators: described as those are, for the reference, messages and
the arguments that they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nndsl.ops.families import RECURRENT, TENSOR, Family
from nndsl.ops.schema import REQUIRED, spell_value


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a form."""

    name: str
    title: str
    doc: str
    default: Any = REQUIRED

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def spelled(self) -> str:
        return f"{self.name}" if self.required else f"{self.name}={spell_value(self.default)}"


@dataclass(frozen=True, slots=True)
class Form:
    """A layer with a meaning of its own. `inputs` and `outputs` are told in words; `example` is a spec's lines."""

    name: str
    family: Family
    doc: str
    arguments: tuple[Argument, ...]
    inputs: str
    outputs: str
    example: str
    torch: str
    onnx: str

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(each.spelled for each in self.arguments)})"

    def page(self) -> str:
        """As Markdown."""
        lines = [f"### {self.name}", "", self.doc, "", f"`{self.signature}`", ""]
        lines += [f"Inputs: {self.inputs}. Outputs: {self.outputs}.", ""]
        lines += ["| parameter | type | default | |", "| --- | --- | --- | --- |"]
        for each in self.arguments:
            default = "required" if each.required else f"`{spell_value(each.default)}`"
            lines.append(f"| `{each.name}` | {each.title} | {default} | {each.doc} |")
        lines += ["", "```nn", self.example, "```", ""]
        lines += [f"In PyTorch: {self.torch}. In ONNX: {self.onnx}.", ""]
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """What `nndsl ops --format json` tells."""
        arguments = [
            {
                "name": each.name,
                "type": each.title,
                "default": None if each.required else spell_value(each.default),
                "required": each.required,
                "documentation": each.doc,
            }
            for each in self.arguments
        ]
        return {
            "name": self.name,
            "family": self.family.name,
            "signature": self.signature,
            "documentation": self.doc,
            "inputs": [self.inputs],
            "outputs": [self.outputs],
            "parameters": arguments,
            "examples": [self.example],
            "source": "",
        }


SCAN = Form(
    "Scan",
    RECURRENT,
    "A layer for every step of a sequence, with states that go from step to step and the same weights each time.\n"
    "The body takes the states, then each sequence's part of this step (the axis `dim` is gone), then by name what\n"
    "is the same in each step. It gives the new states, of the types that they had, and after them what is collected.",
    (
        Argument("body", "a layer", "what one step does; it may stand in braces after the parentheses"),
        Argument("states", "a whole number", "how many of the first inputs are states", 1),
        Argument("dim", "a whole number", "the axis of the steps, in the sequences and in what is collected", 1),
        Argument("reverse", "true or false", "from the last step to the first", False),
    ),
    "the first states, the sequences, and by name what all steps share",
    "the last states, then what was collected, with the axis `dim` again",
    """block Leaky(width: int) {
  input h: [N, width]
  input x: [N, D]
  state = 0.9 * h + (x -> Linear(width))
  output next: [N, width] = state
  output y: [N, width] = state -> Tanh
}

model M {
  input xs: float[N, T, 8]
  last, ys = (Zeros(N, 16), xs) -> Scan(Leaky(16))
  output y: [N, T, 16] = ys
  output h: [N, 16] = last
}""",
    "a loop over the steps, and `torch.stack` of what it collects",
    "`Scan`",
)
ITEM = Form(
    "Item",
    TENSOR,
    "One of several results that stand side by side.",
    (Argument("index", "a whole number", "which one: from 0 on, or from the end where it is negative"),),
    "several tensors side by side",
    "one of them",
    """model M {
  input x: float[N, T, 8]
  output y: [N, T, 4] = x -> LSTM(4) -> Item(0)
}""",
    "nothing but the name of the result",
    "nothing",
)
FORMS = {form.name: form for form in (ITEM, SCAN)}
