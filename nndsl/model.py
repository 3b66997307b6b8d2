"""The Python API: a spec in hand, and everything that can be made of it."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nndsl.arguments import shown, whole, word, words
from nndsl.backends.torch.refused import find_mistakes
from nndsl.diagnostics import Diagnostic, Diagnostics, SpecError
from nndsl.elaborate import Expression, Spec, Unreadable, elaborate, open_spec, read, zoo
from nndsl.elaborate.models import Variant, needed, variants
from nndsl.elaborate.scope import nearest
from nndsl.ir.graph import Graph, returned
from nndsl.packages import need
from nndsl.source import Source, Span

if TYPE_CHECKING:
    import torch

    from nndsl.backends.draw import Direction, Font
    from nndsl.backends.onnx import Report
    from nndsl.backends.summary import Summary

DRAWN = (".svg", ".png", ".pdf", ".dot", ".tex", ".html")
THEMES = ("light", "dark", "paper")
DIRECTIONS = ("up", "down", "right")
FONTS = ("sans", "serif")
_TARGET = re.compile(r"(.+\.nn|-|<stdin>):([A-Za-z_]\w*)")


def split_target(target: str) -> tuple[str, str | None]:
    """`FILE` or `FILE:MODEL`."""
    found = _TARGET.fullmatch(target)
    if found is None:
        return target, None
    return "-" if found[1] == "<stdin>" else found[1], found[2]


def load(target: str | os.PathLike[str], /, *, dims: Mapping[str, int] | None = None, **hyper: Any) -> Model:
    """Read a model from a file: `load("models/resnet.nn:ResNet18", classes=10)`.

    `target` is FILE or FILE:MODEL; "zoo/…" names a shipped file. A file with one model needs no name. Keyword arguments
    set hyperparameters, `dims` fixes symbolic dims (`dims={"N": 1}`).

    Raises SpecError (its `diagnostics` say what is wrong), OSError when the file cannot be read, and ValueError for a
    dim that is no size."""
    path, name = split_target(os.fsdecode(target))
    return loads_source(file_source(path), name, dims, hyper)


def file_source(path: str) -> Source:
    """The text of a file, or of a shipped one; raises Unreadable."""
    if not path:
        raise Unreadable("the name of a file is empty")
    if not path.startswith("zoo/") or os.path.exists(path):
        return read(path)
    name, shipped = path[4:].removesuffix(".nn"), sorted(file.stem for file in zoo().glob("*.nn"))
    if name in shipped and path.endswith(".nn"):
        return read(zoo() / path[4:], path)
    close = name if name in shipped else nearest(name, shipped)
    hint = f"did you mean zoo/{close}.nn?" if close else f"there are {', '.join(shipped)}"
    raise Unreadable(f"{path} is not shipped: {hint}")


def loads(text: str, /, model: str | None = None, *, dims: Mapping[str, int] | None = None, **hyper: Any) -> Model:
    """Read a model from text; `model` names it where there are several. Raises SpecError."""
    wanted = None if model is None else word("model", model)
    return loads_source(_source_of(text), wanted, dims, hyper)


def loads_source(
    source: Source, model: str | None, dims: Mapping[str, int] | None = None, hyper: Mapping[str, Any] | None = None
) -> Model:
    sizes = _sizes({} if dims is None else dims)
    given = {name: plain(value) for name, value in (hyper or {}).items()}
    diagnostics = Diagnostics()
    spec = open_spec(source, diagnostics)
    name = choose(spec, model, given)
    graph = elaborate(spec, name, hyper=given, dims=sizes) if name is not None else None
    if graph is None:
        raise SpecError(diagnostics.in_order())
    assert name is not None
    return Model(graph, diagnostics.in_order(), spec, variants(spec, name, given, sizes))


def _source_of(text: str, name: str = "<string>") -> Source:
    if not isinstance(text, str):
        raise TypeError(f"a spec's text is a str, and not {type(text).__name__}; `load` reads files")
    return Source(text, word("name", name))


def _sizes(dims: Mapping[str, int]) -> dict[str, int]:
    if not isinstance(dims, Mapping) or not all(isinstance(name, str) for name in dims):
        raise TypeError(f'dims maps names of dims to sizes, as {{"N": 1}}, and is not {shown(dims)}')
    sizes = {name: plain(size) for name, size in dims.items()}
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"dims: {name} is {shown(size)}, and a dim is a whole number of at least 1")
    return sizes


def plain(value: Any, depth: int = 8) -> Any:
    """A hyperparameter's value as the language has it: NumPy's and PyTorch's numbers are numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple, range)) and depth:
        return [plain(member, depth - 1) for member in value]
    return value


def choose(spec: Spec, wanted: str | None, given: Container[str] = ()) -> str | None:
    """Which model is meant; says so when that is not clear. `given`: names of hyperparameters that have a value."""
    if spec.diagnostics.errors:
        return None
    source = spec.file.source
    file = {"<stdin>": "-:", "<string>": ""}.get(source.name, f"{source.name}:")
    start = Span(source, 0, 0)
    names = [m.name.id for m in spec.models()]
    complete = [m.name.id for m in spec.complete() or spec.complete(given)]
    if wanted is not None:
        if wanted in names:
            return wanted
        close = nearest(wanted, names)
        hints = [f"did you mean {close}?"] if close else [f"it has: {', '.join(names) or 'no model at all'}"]
        spec.diagnostics.error("no-model", f"{source.name} has no model {wanted}", start, hints=hints)
        return None
    if len(complete) == 1:
        return complete[0]
    if not complete:
        message = f"{source.name} has no model that is complete" if names else f"{source.name} has no model"
        missing = {m.name.id: needed(m, given) for m in spec.models()[:3]}
        hints = [f"{n} needs {', '.join(these)}: `--set {these[0]}=VALUE`" for n, these in missing.items()]
        spec.diagnostics.error("no-model", message, start, hints=hints)
        return None
    listed = ", ".join(complete)
    hints = [f"choose one: {file}{complete[0]}"]
    spec.diagnostics.error("which-model", f"{source.name} has several models: {listed}", start, hints=hints)
    return None


def check(text: str, /, *, name: str = "<string>", **hyper: Any) -> list[Diagnostic]:
    """Every mistake of a spec, in the order of the text; an empty list for a spec that is fine.

    `name` is what the diagnostics call the text; its imports are relative to the working folder."""
    diagnostics = Diagnostics()
    given = {key: plain(value) for key, value in hyper.items()}
    find_mistakes(open_spec(_source_of(text, name), diagnostics), hyper=given)
    return diagnostics.in_order()


def format_text(text: str, /, name: str = "<string>") -> str:
    """The spec in the one form that `nndsl fmt` gives every spec. Raises SpecError where it cannot be parsed."""
    from nndsl.syntax.format import format_source

    diagnostics = Diagnostics()
    formatted = format_source(_source_of(text, name), diagnostics)
    if formatted is None:
        raise SpecError(diagnostics.in_order())
    return formatted


class Model:
    """One model, checked and ready: its IR, and what is derived from it. Made by `load` and `loads`."""

    def __init__(
        self, graph: Graph, diagnostics: list[Diagnostic], spec: Spec, variants: Sequence[Variant] = ()
    ) -> None:
        self._graph = graph
        self._spec = spec
        self._variants = variants
        self._source: str | None = None
        self.diagnostics = diagnostics
        """Warnings about the spec."""

    @property
    def ir(self) -> Graph:
        """The typed graph; `str(model.ir)` prints it."""
        return self._graph

    @property
    def name(self) -> str:
        return self._graph.name

    @property
    def inputs(self) -> dict[str, str]:
        """Names and types: `{"image": "float[N, 3, H, W]"}`."""
        return {v.name: self._spell(v.type) for v in self._graph.inputs}

    @property
    def outputs(self) -> dict[str, str]:
        return {p.name: self._spell(p.value.type) for p in returned(self._graph)}

    def _spell(self, type_: Any) -> str:
        facts = self._graph.facts
        return str(type_.spell(facts) if facts is not None else type_)

    def source(self) -> str:
        """PyTorch source: a file of its own, without any import of this package."""
        if self._source is None:
            from nndsl.backends.torch import source

            self._source = source(self._graph)
        return self._source

    def module(
        self,
        *,
        weights: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        strict: bool = True,
        mapping: str | None = None,
        device: str | torch.device | None = None,
        allow_extern: bool = False,
    ) -> torch.nn.Module:
        """A live `torch.nn.Module`: the source, executed. `device="meta"` allocates nothing.

        `weights` is a file of weights (.safetensors; .pt, .pth and .bin as far as they hold nothing but tensors), the
        index of several, or their folder; or maps names to tensors or arrays. The names are the model's, or those of a
        `weights from` in the spec: the one that fits, or that `mapping` names. All must fit, unless `strict` is false:
        then what does not is told as a warning.

        Raises SpecError where the spec has `extern` layers and `allow_extern` is false, where the weights are more
        than there is memory and where those given do not fit; OSError for a file that cannot be read, ValueError
        for a mapping that there is not, ImportError without torch."""
        need("torch", "torch", "to build a live module")
        from nndsl.backends.torch import module
        from nndsl.memory import need_room

        need_room(self._graph, device)
        if mapping is not None and weights is None:
            raise ValueError("mapping says how the names of weights are read, and there are none")
        if weights is not None:
            from nndsl.weights.load import loaded
            from nndsl.weights.stock import stock_of

            if device is not None and str(device) == "meta":
                raise ValueError('device="meta" holds no numbers, and weights are numbers')
            stock = stock_of(weights, self._graph)
            wanted = None if mapping is None else word("mapping", mapping)
            filled: torch.nn.Module = loaded(
                self._graph, self.source(), self._spec, stock, wanted, strict, device, allow_extern
            )
            return filled
        made: torch.nn.Module = module(self._graph, self.source(), device=device, allow_extern=allow_extern)
        return made

    def export(
        self,
        path: str | os.PathLike[str],
        weights: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        verify: bool = True,
        *,
        mapping: str | None = None,
        opset: int | None = None,
        functions: bool = False,
        optimize: bool = True,
        dtype: str = "float32",
        allow_extern: bool = False,
    ) -> Report:
        """Write ONNX and prove it: the checker, then onnxruntime against PyTorch at two values of every dynamic dim.

        `weights` maps names to tensors or arrays, or is a file of them, as for `module`, by the model's names, by those
        of `mapping` or of the one that fits; without it the model's initial weights are written. The spec's `float`
        becomes `dtype`. `opset` is 23 when not given, and 21, the last whose random numbers onnxruntime can draw, for a
        model that draws some. Raises SpecError, and OSError where the file cannot be written; then no file is left."""
        need("onnx", "onnx", "to export ONNX")
        from nndsl.backends.onnx import Options, check_options, default_opset, export_model
        from nndsl.oracle import TorchReference

        chosen = default_opset(self._graph) if opset is None else whole("opset", opset)
        options = Options(opset=chosen, functions=functions, optimize=optimize, dtype=dtype)
        check_options(self._graph, options)
        reference = TorchReference(self, weights, allow_extern, dtype, mapping)
        exporter = reference.foreign(options.opset, dtype)
        if exporter.layers:
            need("onnxscript", "extern", "to export layers written in Python")
        checked = reference if verify else None
        return export_model(self._graph, reference.weights, Path(path), checked, options, exporter)

    def draw(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        depth: int | None = None,
        expand: str | Sequence[str] = (),
        collapse: str | Sequence[str] = (),
        max_nodes: int | None = None,
        wrap: int = 1,
        direction: Direction = "up",
        theme: str = "light",
        font: Font = "sans",
        labels: bool = True,
    ) -> str:
        """The diagram as SVG; with `path`, also written there in the format of its ending (.svg .png .pdf .dot .tex
        .html). HTML is one page in which blocks open and close.

        `depth`: how many levels of blocks are open; None: small models in full, of larger ones each structure
        once. Closed blocks of one kind in a row are one box, × N, though sizes may differ (not with `max_nodes`).
        `expand`, `collapse`: globs of blocks, by path or name, that are open or closed all the same. `max_nodes`: how
        many boxes there are at most; what is open is then as deep as they allow. `wrap`: into how many
        columns a long picture is broken, where a single line goes on (rows with "right"; not in .dot and .html).
        `direction`: where the data flow: "up", "down" or "right". `theme`: "light", "dark", or "paper" (black on white,
        for print). `font`: "sans" or "serif". `labels`: whether boxes bear the names of their layers.

        Raises ValueError for another ending, theme, direction or font, for a number that is too small, and for a glob
        that matches nothing; TypeError for an argument of another type. Warns where a picture could not be drawn as
        asked: a PNG that is shrunk, a `wrap` that does nothing."""
        from nndsl.backends import draw
        from nndsl.files import write

        depth = None if depth is None else whole("depth", depth, 0)
        max_nodes = None if max_nodes is None else whole("max_nodes", max_nodes, 1)
        wrap = whole("wrap", wrap, 1)
        expand, collapse = words("expand", expand), words("collapse", collapse)
        ending = Path(path).suffix if path is not None else ".svg"
        _one_of("a diagram's file ends in", ending, DRAWN, os.fspath(path) if path is not None else "")
        _one_of("a theme is", theme, THEMES)
        _one_of("a direction is", direction, DIRECTIONS)
        _one_of("a font is", font, FONTS)
        options: dict[str, Any] = {"depth": depth, "expand": expand, "collapse": collapse, "max_nodes": max_nodes}
        options |= {"direction": direction, "font": font, "theme": draw.THEMES[theme], "labels": labels}
        scene = draw.scene(self._graph, **options, wrap=wrap)
        for text in draw.remarks(scene, ending, wrap):
            warnings.warn(text, draw.PictureWarning, stacklevel=2)
        svg = draw.svg(scene)
        if path is None:
            return svg
        match ending:
            case ".png":
                need("resvg_py", "png", "to draw PNG")
                write(path, draw.png(scene))
            case ".pdf":
                need("reportlab", "pdf", "to draw PDF")
                write(path, draw.pdf(scene))
            case ".tex":
                write(path, draw.tikz(scene))
            case ".dot":
                write(path, draw.dot(draw.scene(self._graph, **options)))
            case ".html":
                write(path, draw.html(self._graph, **options))
            case _:
                write(path, svg)
        return svg

    def summary(
        self, *, batch: int = 1, dtype: str = "float32", device: str | None = None, optimizer: str = "adamw"
    ) -> Summary:
        """Shapes, parameters and costs of every layer; `print` shows a table.

        Memory and times are for `batch` samples, with numbers of `dtype`, and states of an `optimizer` ("sgd",
        "sgd+momentum", "adam" …); `device` ("h100", "a100" …) asks for the least time it takes there. Raises ValueError
        for a setting that there is not, TypeError for one of another type."""
        from nndsl.backends.summary import summarize, tell

        batch, optimizer = whole("batch", batch), word("optimizer", optimizer)
        found = summarize(self._graph, batch=batch, dtype=dtype, device=device, optimizer=optimizer)
        tell(found, self._variants, dtype)
        return found

    def _repr_svg_(self) -> str:
        return self.draw()

    def __repr__(self) -> str:
        inputs = ", ".join(f"{n}: {t}" for n, t in self.inputs.items())
        outputs = ", ".join(f"{n}: {t}" for n, t in self.outputs.items())
        return f"<{self.name}({inputs}) -> {outputs}>"


def _one_of(what: str, given: str, known: tuple[str, ...], shown: str = "") -> None:
    if given not in known:
        raise ValueError(f"{what} {', '.join(known)}, and this is {shown or given!r}")


__all__ = ["Expression", "Model", "check", "choose", "load", "loads", "loads_source", "split_target"]
