"""Files: the spec, what it imports, the standard library and the zoo. Reads text, never runs anything."""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from nndsl import ops
from nndsl.diagnostics import Diagnostics, Edit, Fix, Label
from nndsl.elaborate.paths import PACKAGE, importable, is_shipped, is_within, project_folder, target
from nndsl.elaborate.scope import MISSING, Scope, nearest
from nndsl.elaborate.values import (
    BlockLayer,
    BuiltinFunction,
    FunctionValue,
    InitializerName,
    OpLayer,
    TypeName,
)
from nndsl.ops.forms import FORMS
from nndsl.ops.initializers import INITIALIZERS
from nndsl.shapes import FLOATING, INTEGRAL
from nndsl.source import Source, Span
from nndsl.syntax import ast, parse

MAX_BYTES = 16 << 20
MAX_DEPTH = 100  # files imported by files
BUILTINS = (
    *("abs", "ceil", "cos", "enumerate", "exp", "float", "floor", "int", "len", "log", "log2", "max", "min"),
    *("pow", "range", "reversed", "round", "sin", "sqrt", "str", "sum", "zip"),
)
CONSTANTS = {"pi": 3.141592653589793, "inf": float("inf")}
_TYPES = {name: TypeName(name) for name in (*FLOATING, *INTEGRAL, "bool")} | {"int": TypeName("int64")}


class Unreadable(OSError):
    """A file that cannot be read as a spec; the message is for the user."""


def read(path: str | os.PathLike[str], name: str | None = None) -> Source:
    """The text of a file; raises Unreadable."""
    shown = name or os.fspath(path)
    try:
        target = Path(path)
        if target.is_dir():
            raise Unreadable(f"{shown} is a folder")
        if target.exists() and not target.is_file():
            raise Unreadable(f"{shown} is not a regular file")
        if target.exists() and target.stat().st_size > MAX_BYTES:
            raise Unreadable(f"{shown} is larger than {MAX_BYTES >> 20} MiB")
        data = target.read_bytes()
    except Unreadable:
        raise
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise Unreadable(f"cannot read {shown}: {reason}") from None
    return decode(data, shown, os.fspath(path))


def decode(data: bytes, name: str, path: str | None = None) -> Source:
    """Bytes as a Source; raises Unreadable with the place of a byte that is not UTF-8."""
    try:
        return Source(data.decode("utf-8-sig"), name, path)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise Unreadable(f"{name}: line {line}: byte 0x{data[problem.start]:02x} is not UTF-8") from None


@cache
def _library() -> dict[str, Path]:
    names = re.compile(r"^(?:block|fn|model)\s+(\w+)", re.M)
    paths = sorted((PACKAGE / "library").glob("*.nn"))
    return {name: path for path in paths for name in names.findall(path.read_text("utf-8"))}


def _once(source: Source) -> tuple[Source, ast.File | None]:
    """A shipped file as it was parsed before in this process; others, and those with mistakes, are parsed anew."""
    kept, file = _parsed(source.text, source.name, source.path) if is_shipped(source.path) else (source, None)
    return (source, None) if file is None else (kept, file)


@lru_cache(maxsize=64)
def _parsed(text: str, name: str, path: str | None) -> tuple[Source, ast.File | None]:
    source, diagnostics = Source(text, name, path), Diagnostics()
    file = parse(source, diagnostics)
    return source, None if diagnostics.items else file


def _origin(value: Any) -> Any:
    """Which definition a name stands for, whichever way it came."""
    return getattr(value, "definition", value)


class Project:
    """Everything read in one run. Parsed files are kept by path; the library is parsed when a name of it is used."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.files: dict[str, Scope] = {}
        self.parsed: list[tuple[ast.File, Scope]] = []  # in the order in which they were met
        self.loading: list[str] = []
        self.folder: Path | None = None  # of the first file: what lies outside of it is not shown
        self.refused: set[str] = set()
        self.base = Scope()  # types, constants, functions, initialisers
        self.base.names |= {name: BuiltinFunction(name) for name in BUILTINS}
        self.base.names |= _TYPES | CONSTANTS
        self.base.names |= {name: InitializerName(name) for name in INITIALIZERS}

    # ------------------------------------------------------------ files

    def load(self, source: Source, file: ast.File | None = None) -> tuple[ast.File, Scope]:
        """Parse a text, if that was not done, and bind its items. Its own names win over imported ones, those over the
        library's."""
        self.folder = self.folder or project_folder(source.path)
        file = parse(source, self.diagnostics) if file is None else file
        scope = Scope(self.base)
        self.parsed.append((file, scope))
        key = self._key(source)
        if key:
            self.files[key] = scope
            self.loading.append(key)
        own: dict[str, Span] = {}
        for item in file.items:
            if isinstance(item, (ast.Definition, ast.Extern, ast.Function)):
                self._define(item, scope, own)
        whole: dict[str, tuple[ast.Import, Any]] = {}
        for item in sorted((i for i in file.items if isinstance(i, ast.Import)), key=lambda i: i.names is None):
            self._import(item, source, scope, own, whole)
        if key:
            self.loading.pop()
        return file, scope

    def _define(self, item: ast.Definition | ast.Extern | ast.Function, scope: Scope, own: dict[str, Span]) -> None:
        name = item.name
        if name.id in own:
            found = self.diagnostics.error(
                "duplicate-name", f"{name.id} is defined twice", name.span, label="again here"
            )
            found.labels.append(Label(own[name.id], "first here"))
            return
        own[name.id] = name.span
        if isinstance(item, ast.Function):
            scope.names[name.id] = FunctionValue(item, scope)
        else:
            scope.names[name.id] = BlockLayer(item, scope, name.span)

    @staticmethod
    def _key(source: Source) -> str:
        return os.path.realpath(source.path) if source.path else ""

    def _import(
        self,
        item: ast.Import,
        source: Source,
        scope: Scope,
        own: dict[str, Span],
        whole: dict[str, tuple[ast.Import, Any]],
    ) -> None:
        path = self._locate(item.path, source)
        if path is None:
            return
        key = os.path.realpath(path)
        if len(self.loading) >= MAX_DEPTH:
            message = f"files import each other more than {MAX_DEPTH} deep"
            self.diagnostics.error("too-deep", message, item.path.span)
            return
        if key in self.loading:
            names = " -> ".join(os.path.basename(k) for k in [*self.loading[self.loading.index(key) :], key])
            self.diagnostics.error("import-cycle", f"these files import each other: {names}", item.path.span)
            return
        if key not in self.files:
            try:
                imported = read(path, self._shown(item.path.value, path))
            except Unreadable as problem:
                self.diagnostics.error("import-not-found", str(problem), item.path.span)
                return
            self._load_import(imported, key, item)
        if key in self.refused:
            return
        if item.names is None:
            self._bring_all(item, self.files[key], scope, own, whole)
        else:
            self._bring(item, item.names, self.files[key], scope, own)

    def _load_import(self, imported: Source, key: str, item: ast.Import) -> None:
        """Mistakes in a file outside the project are told without its text: it may be no spec, and not for others."""
        if self.shows(key):
            self.load(*_once(imported))
            return
        said, self.diagnostics = self.diagnostics, Diagnostics()
        try:
            self.load(imported)
            wrong = bool(self.diagnostics.errors)
        finally:
            self.diagnostics = said
        if wrong:
            self.refused.add(key)
            hints = [
                f"it lies outside of this spec's project, so they are not shown here: `nndsl check {imported.name}`"
            ]
            self.diagnostics.error("import-not-found", f"{imported.name} has mistakes", item.path.span, hints=hints)

    def shows(self, path: str | os.PathLike[str]) -> bool:
        """May a file's text be shown? It lies within the project, or is shipped."""
        return self.folder is None or is_within(path, self.folder) or is_shipped(os.fspath(path))

    @staticmethod
    def _shown(written: str, path: Path) -> str:
        return written if written.startswith("zoo/") else os.path.relpath(path) if path.is_absolute() else str(path)

    def _locate(self, written: ast.Text, source: Source) -> Path | None:
        name = written.value
        if not importable(name):
            hint = 'write a relative path that ends in ".nn", such as "blocks/norm.nn" or "zoo/resnet.nn"'
            self.diagnostics.error("import-not-found", f"cannot import {written.span.text}", written.span, hints=[hint])
            return None
        path = target(name, source.path)
        if path.is_file():
            return path
        siblings = [p.name for p in path.parent.glob("*.nn")] if path.parent.is_dir() and self.shows(path) else []
        close = nearest(path.name, siblings)
        prefix = name[: len(name) - len(path.name)]
        found = self.diagnostics.error("import-not-found", f"there is no file {name}", written.span)
        if close:
            found.hints.append(f'did you mean "{prefix}{close}"?')
            found.fixes.append(Fix(f"import {prefix}{close}", [Edit(written.span, f'"{prefix}{close}"')]))
        return None

    def _bring_all(
        self,
        item: ast.Import,
        imported: Scope,
        scope: Scope,
        own: dict[str, Span],
        whole: dict[str, tuple[ast.Import, Any]],
    ) -> None:
        """`import "path.nn"`: what the file names itself wins; one name from two files is for a `from` to decide."""
        for name, value in imported.names.items():
            if name in own:
                continue
            scope.names.setdefault(name, value)
            first, brought = whole.setdefault(name, (item, value))
            if brought is not value and _origin(brought) is not _origin(value):
                found = self.diagnostics.error(
                    "duplicate-name", f"{name} comes from two files", item.path.span, label="this one has it too"
                )
                found.labels.append(Label(first.path.span, "first here"))
                found.hints.append(f"say which one is meant: `from {item.path.span.text} import {name}`")

    def _bring(
        self, item: ast.Import, names: list[ast.Name], imported: Scope, scope: Scope, own: dict[str, Span]
    ) -> None:
        for wanted in names:
            value = imported.names.get(wanted.id, MISSING)
            if value is not MISSING:
                self._bind(wanted, value, scope, own)
                continue
            found = self.diagnostics.error(
                "import-missing-name", f'"{item.path.value}" has no {wanted.id}', wanted.span
            )
            close = nearest(wanted.id, list(imported.names))
            if close:
                found.hints.append(f"did you mean {close}?")
                found.fixes.append(Fix(f"import {close}", [Edit(wanted.span, close)]))

    def _bind(self, wanted: ast.Name, value: Any, scope: Scope, own: dict[str, Span]) -> None:
        before = scope.names.get(wanted.id, MISSING)
        if before is MISSING or _origin(before) is _origin(value):
            scope.names.setdefault(wanted.id, value)
            own.setdefault(wanted.id, wanted.span)
            return
        found = self.diagnostics.error(
            "duplicate-name", f"{wanted.id} is defined twice", wanted.span, label="imported here"
        )
        found.labels.append(Label(own[wanted.id], "and here"))

    @staticmethod
    def is_shipped(source: Source) -> bool:
        """Is it a file of the library or of the zoo, which no user edits?"""
        return is_shipped(source.path)

    # ------------------------------------------------------------ names

    def resolve(self, name: str, scope: Scope, span: Span) -> Any:
        """What a name stands for, or MISSING: scopes, then the library, then the operators."""
        found = scope.get(name)
        if found is not MISSING:
            return found
        if name in _library():
            self._load_library(_library()[name])
            return self.base.names.get(name, MISSING)
        op = ops.lookup(name)
        if op is not None and not op.hidden:
            return OpLayer(op, span)
        return MISSING

    def library(self) -> dict[str, Path]:
        """Which file of the standard library defines a name: found without parsing."""
        return _library()

    def _load_library(self, path: Path) -> None:
        key = os.path.realpath(path)
        if key in self.files:
            return
        _, scope = self.load(*_once(read(path, f"nndsl/library/{path.name}")))
        for name, value in scope.names.items():
            self.base.names.setdefault(name, value)

    def candidates(self, scope: Scope) -> list[str]:
        """Everything a name could have meant."""
        operators = [name for name, op in ops.everything().items() if not op.hidden]
        return [*scope.visible(), *self.library(), *operators, *FORMS]
