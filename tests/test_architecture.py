"""What holds of the whole source: which way imports go, what is cheap, how long files are, who may print."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import check_spec, open_spec
from nndsl.render import explanations
from nndsl.source import Source

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nndsl"
FILES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"torch", "onnx", "onnxruntime", "numpy", "pydantic", "rich", "lark"}

# A part imports only parts of lower layers, and itself.
LAYERS = {
    "source": 0, "diagnostics": 1, "arguments": 0, "files": 0, "folders": 1, "packages": 0,
    "shapes": 0,
    "syntax": 2, "ops": 2,
    "ir": 3,
    "cost": 4,
    "elaborate": 4,
    "passes": 5, "fit": 5,
    "backends.torch": 6, "backends.onnx": 6, "backends.draw": 6, "backends.summary": 6, "backends": 6,
    "disturbance": 7, "replay": 7, "foreign": 7, "memory": 7, "oracle": 8, "weights": 8, "model": 9,
    "render": 7,
    "cli": 10,
    "": 11, "__main__": 11,
}  # fmt: skip
# Modules that call each other, by imports at the moment of use: what they do is one recursion over one structure.
KNOTS = {
    "shapes": {"dims", "division", "forms", "limits", "spelling"},
    "ops": {"initializers", "kinds", "schema"},
    "ir": {"graph", "printer"},
    "syntax": {"explain", "generate", "recover", "tables"},
    "elaborate": {
        "apply", "arguments", "arithmetic", "blocks", "combinators", "conditions", "context", "extern", "facts",
        "flows", "lists", "names", "ports", "scans", "statements", "tensors", "training",
    },
    "backends.draw": {"channel", "regions"},
    "backends.summary": {
        "columns", "csv", "data", "formats", "html", "json", "markdown", "table", "totals", "walk", "words",
    },
}  # fmt: skip
# Upwards, at the moment of use only: a SpecError is shown, a model stands in for its own summary's type.
LAZY = {("diagnostics", "render")}


def part(module: str) -> str:
    """`nndsl.backends.torch.plan` belongs to `backends.torch`."""
    words = module.split(".")[1:]
    return ".".join(words[:2]) if words[:1] == ["backends"] else (words or [""])[0]


def module_of(path: Path) -> str:
    words = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> Iterator[tuple[str, bool, bool]]:
    """(module, inside a function, for types alone) of everything that a file imports."""

    def walk(node: ast.AST, lazy: bool, typing: bool) -> Iterator[tuple[str, bool, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, lazy, typing) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    is_module = (ROOT / (whole.replace(".", "/") + ".py")).is_file()
                    is_package = (ROOT / whole.replace(".", "/")).is_dir()
                    yield (whole if is_module or is_package else str(child.module), lazy, typing)
            inner = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            types = typing or (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING")
            yield from walk(child, inner, types)

    yield from walk(tree(path), False, False)


def test_every_part_has_a_layer() -> None:
    assert {part(module_of(path)) for path in FILES} == set(LAYERS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    here = part(module_of(path))
    for module, lazy, typing in imports(path):
        if module.split(".")[0] != "nndsl":
            continue
        there = part(module)
        if there in (here, ""):  # `from nndsl import __version__`
            continue
        if typing or (lazy and (here, there) in LAZY):
            continue
        assert LAYERS[there] < LAYERS[here], f"{path.name}: {here} imports {there}"


def within(part_name: str, *, also_late: bool) -> dict[str, set[str]]:
    """Which modules of a part import which others of it."""
    known = {module_of(path): path for path in FILES if part(module_of(path)) == part_name}
    return {
        module: {
            there for there, late, typing in imports(path) if there in known and not typing and (also_late or not late)
        }
        for module, path in known.items()
    }


def circling(graph: dict[str, set[str]]) -> set[str]:
    """Modules that lead back to themselves."""
    found: set[str] = set()
    for start, needed in graph.items():
        seen: set[str] = set()
        stack = list(needed)
        while stack:
            at = stack.pop()
            if at not in seen:
                seen.add(at)
                stack.extend(graph[at])
        found |= {start} & seen
    return {module.rpartition(".")[2] for module in found}


@pytest.mark.parametrize("name", LAYERS)
def test_modules_of_a_part_do_not_need_each_other(name: str) -> None:
    assert circling(within(name, also_late=False)) == set()
    assert circling(within(name, also_late=True)) - KNOTS.get(name, set()) == set()


def test_knots_are_of_modules() -> None:
    for name, modules in KNOTS.items():
        folder = PACKAGE / name.replace(".", "/")
        assert {module for module in modules if not (folder / f"{module}.py").is_file()} == set()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    # loaded when something is exported, or when an export is in doubt
    allowed = {"backends.onnx": {"numpy", "onnx"}, "disturbance": {"torch"}, "replay": {"torch"}}.get(
        part(module_of(path)), set()
    )
    for module, lazy, typing in imports(path):
        assert lazy or typing or module.split(".")[0] not in HEAVY - allowed, f"{path.name} imports {module} at its top"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 500


def is_run_as_a_program(node: ast.AST) -> bool:
    """`if __name__ == "__main__":` and the `main` that it calls."""
    main_block = isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
    return main_block or (isinstance(node, ast.FunctionDef) and node.name == "main")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_command_line_prints_and_exits(path: Path) -> None:
    if part(module_of(path)) == "cli":
        return
    found: list[str] = []
    stack: list[ast.AST] = [tree(path)]
    while stack:
        node = stack.pop()
        if is_run_as_a_program(node):
            continue
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in ("print", "exit", "quit", "input", "sys.exit", "os._exit") or called.startswith("sys.std"):
                found.append(f"line {node.lineno}: {called}")
        stack.extend(ast.iter_child_nodes(node))
    assert found == []


# ---------------------------------------------------------------- what commands load


def loaded_by(code: str) -> set[str]:
    """What is in `sys.modules` after running some Python."""
    code += "\nimport sys; print('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "models/resnet.nn"],
        ["fmt", "--check", "models/resnet.nn"],
        ["draw", "models/resnet.nn:ResNet18", "-o", "-"],
        ["summary", "models/resnet.nn:ResNet18"],
        ["summary", "models/resnet.nn:ResNet18", "--format", "json"],
        ["ir", "models/resnet.nn:ResNet18"],
        ["compile", "models/resnet.nn:ResNet18"],
        ["ops"],
        ["weights", "models/resnet.nn:ResNet18"],
    ],
    ids=" ".join,
)
def test_light_commands_load_nothing_heavy(arguments: list[str]) -> None:
    loaded = loaded_by(f"from nndsl.cli import run\nassert run({arguments!r}) == 0")
    assert loaded & {"torch", "onnx", "onnxruntime", "numpy", "lark", "pydantic", "sympy"} == set()


def test_check_loads_little() -> None:
    """What the standard library has that is dear and not needed."""
    loaded = loaded_by("from nndsl.cli import run\nassert run(['check', 'models/resnet.nn']) == 0")
    assert loaded & {"rich", "asyncio", "json", "unittest", "multiprocessing", "ssl", "http", "email"} == set()


def test_import_loads_nothing() -> None:
    assert {m for m in loaded_by("import nndsl") if m.startswith("nndsl")} == {"nndsl"}


# ---------------------------------------------------------------- codes


REPORTERS = {"error", "poison", "Diagnostic", "_diagnostic", "warning", "note"}


def codes_of(path: Path) -> Iterator[str]:
    """Literal codes: first arguments of what reports, and `code=`."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in REPORTERS and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        yield from (str(k.value.value) for k in node.keywords if k.arg == "code" and isinstance(k.value, ast.Constant))


def is_code(text: str) -> bool:
    return text.replace("-", "").isalpha() and text.islower()


def test_every_code_has_a_page() -> None:
    used = {code for path in FILES if "cli" not in path.parts for code in codes_of(path) if is_code(code)}
    assert len(used) > 30
    assert used - set(explanations.codes()) == set()


def examples(code: str) -> list[str]:
    """The `nn` blocks of a page: what is wrong, then what is right."""
    page = explanations.page(code)
    assert page is not None
    found: list[str] = []
    inside: list[str] | None = None
    for line in page.splitlines(keepends=True):
        if inside is None and line.rstrip() == "```nn":
            inside = []
        elif inside is not None and line.rstrip() == "```":
            found.append("".join(inside))
            inside = None
        elif inside is not None:
            inside.append(line)
    return found


def checked(text: str) -> set[str]:
    diagnostics = Diagnostics()
    check_spec(open_spec(Source(text, "page.nn"), diagnostics))
    return {found.code for found in diagnostics.items}


# Codes of what is not a text's mistake: they come with files, with ONNX, with the command line.
ELSEWHERE = {
    "import-cycle", "import-missing-name", "ir-syntax", "no-model", "which-model", "missing-input",
    "too-deep", "onnx-dtype", "onnx-opset", "onnx-unsupported", "onnx-mismatch", "onnx-invalid", "onnx-unverified",
    "weights-mismatch", "weights-file", "unused-rule", "bad-option", "unreadable", "out-of-memory",
}  # fmt: skip


@pytest.mark.parametrize("code", explanations.codes())
def test_a_page_shows_its_mistake_and_the_way_out(code: str) -> None:
    page = explanations.page(code)
    assert page is not None
    assert page.startswith(f"# {code}\n")
    found = examples(code)
    if code in ELSEWHERE:
        return
    assert len(found) == 2, "the wrong spec, then the right one"
    wrong, right = found
    assert checked(wrong) == {code}
    assert checked(right) == set()
