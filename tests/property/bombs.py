"""Small specs that ask for very much: each with the code in which `check` ends, None where nothing is wrong."""

from __future__ import annotations


def flow(layers: str, before: str = "") -> str:
    return f"{before}model M {{\n  input x: float[N, 64]\n  output y = x -> {layers}\n}}\n"


def statements(text: str, end: str = "x -> ReLU", before: str = "") -> str:
    return f"{before}model M {{\n  input x: float[N, 64]\n  {text}\n  output y = {end}\n}}\n"


def image(layers: str) -> str:
    return f"model M {{\n  input x: float[N, 3, H, W]\n  output y = x -> {layers}\n}}\n"


def repeated(step: str, times: int = 60) -> str:
    return "\n".join(step.replace("#", str(i)).replace("@", str(i - 1)) for i in range(1, times))


def nested(name: str, times: int) -> str:
    return f"{name}(" * times + "ReLU" + ")" * times


PAIRS = "a0 = [1, 1]\n" + repeated("a# = [a@, a@]")  # 2**60 members
OTHERS = PAIRS.replace("a", "b")
LAYERS = "a0 = [ReLU, ReLU]\n" + repeated("a# = [a@, a@]")
DOUBLING = "fn f0(v) = [*v, *v]\n" + repeated("fn f#(v) = f@(f@(v))", 12) + "\n"
CALLS = "fn f0(v) = v + 1\n" + repeated("fn f#(v) = f@(v) + f@(v)") + "\n"
BLOCKS = "block B0 = Linear(64)\n" + repeated("block B# = [B@, B@]") + "\n"
TAKES = "block K(v) {\n  input x: [N, D]\n  x -> Linear(3)\n}\n"
TYPED = TAKES.replace("(v)", "(v: list[list[int]])")
TWICE = "block C(f: layer) {\n  input x: [N, D]\n  x -> f -> f\n}\n"
JOIN = "block K(f: layer, g: layer) {\n  input x: [N, D]\n  x -> f -> g -> Linear(3)\n}\n"
DIMS = ", ".join(f"D{i}" for i in range(40))
ITSELF = "block A(n: int) {\n  input x: [N, D]\n  x -> A(n - 1)\n}\n"

FOUR = "a = [[[[0 for l in 0..500] for k in 0..500] for j in 0..500] for i in 0..500]"
TAKEN = "block A(f: layer) {\n  input x: [N, D]\n  x -> "
RANK = "model M {\n  input x: float[" + "2, " * 5000 + "3]\n  output y = x -> ReLU\n}\n"

BOMBS: dict[str, tuple[str, str | None]] = {
    # lists
    "repeated repetition": (flow("[[[[ReLU] * 1000] * 1000] * 1000] * 1000"), "too-big"),
    "lists of lists": (statements(LAYERS, "x -> a59"), "too-big"),
    "lists as layers": (statements(PAIRS, "x -> a59"), "not-a-layer"),
    "lists as hyperparameters": (statements(PAIRS, "x -> K(a59)", TAKES), "too-big"),
    "lists with a type": (statements(PAIRS, "x -> K(a59)", TYPED), "too-big"),
    "lists as arguments": (statements(PAIRS, "x -> Linear(a59)"), "too-big"),
    "lists compared": (statements(PAIRS + "\n" + OTHERS + "\nrequire a59 == b59"), None),
    "lists within lists": (statements(PAIRS + "\n" + OTHERS + "\nrequire a59 in [b59]"), None),
    "lists deep": (statements("a = [1]\nfor i in 0..30000 { a = [a]\n}\nb = len(a)\nrequire a == 3"), "too-big"),
    "lists doubled": (statements("a = [1]\nfor i in 0..60 { a = a + a\n}"), "too-big"),
    "lists spliced": (statements("a = [1]\nfor i in 0..60 { a = [*a, *a]\n}"), "too-big"),
    "lists summed": (statements("a = [[1] * 1000] * 1000\nb = sum(a)"), "too-big"),
    "lists with labels": (statements("a = [ReLU]\nfor i in 0..60 { a = [p: a, q: a]\n}", "x -> a"), "too-big"),
    "many lists": (statements(repeated("a# = [1] * 1000000")), "too-big"),
    "many ranges": (statements(repeated("a# = 0..1000000")), "too-big"),
    "a range": (flow("[Linear(2) for i in 0..1000000000000]"), "too-big"),
    "a called range": (flow("[Linear(2) for i in range(10 ** 15)]"), "too-big"),
    "enumeration": (statements("a = enumerate([1] * 1000000, 10 ** 30)\nb = zip(a, a, a)"), "too-big"),
    "comprehension": (flow("[ReLU for i in 0..1000 for j in 0..1000 for k in 0..1000]"), "too-big"),
    "comprehension of nothing": (flow("[ReLU for i in 0..100000 for j in 0..100000 if i < 0]"), "too-big"),
    "comprehensions": (statements(FOUR), "too-big"),
    # tuples, flows
    "tuples of tensors": (statements("a = (x, x)\nfor i in 0..60 { a = (a, a)\n}", "a -> Concat(dim=1)"), "too-big"),
    "tuples of layers": (statements("a = ReLU\nfor i in 0..60 { a = (a, a)\n}", "x -> a -> Concat(dim=1)"), "too-big"),
    "flows": (statements("a = ReLU\nfor i in 0..60 { a = a -> a\n}", "x -> a"), "too-big"),
    # functions and numbers
    "functions": (statements("a = f11([1])", before=DOUBLING), "too-big"),
    "function calls": (statements("a = f59(1)", before=CALLS), "too-big"),
    "functions in labels": (flow('"{f11([1])}": ReLU', DOUBLING), "too-big"),
    "a power": (statements("a = 2 ** 10 ** 9"), "too-big"),
    "a negative power": (statements("a = (-2) ** 10 ** 9"), "too-big"),
    "a called power": (statements("a = pow(2, 10 ** 9)"), "bad-argument"),
    "products": (statements("a = 2\nfor i in 0..60 { a = a * a\n}"), "too-big"),
    "rounding": (statements("a = round(2, -(10 ** 9))"), "bad-argument"),
    "a long number": (statements("a = " + "9" * 100000), "too-big"),
    "an infinite size": (flow("Linear(inf)"), "bad-argument"),
    "no number": (flow("Linear(inf - inf)"), "bad-argument"),
    "a string": (statements('a = "x" * 10 ** 12'), "too-big"),
    "a doubled string": (statements('a = "xx"\nfor i in 0..60 { a = a + a\n}'), "too-big"),
    # loops
    "a loop": (statements("for i in 0..1000000000 { h = x -> ReLU\n}"), "too-big"),
    "loops": (statements("for i in 0..1000 { for j in 0..1000 { for k in 0..1000 { a = i\n}\n}\n}"), "too-big"),
    "layers in a loop": (statements("h = x\nfor i in 0..1000000 { h = h -> Linear(i + 1)\n}", "h"), "too-big"),
    # blocks
    "blocks": (flow("B59", BLOCKS), "too-big"),
    "combinators": (flow(nested("C", 60), TWICE), "too-big"),
    "blocks in blocks": (statements("a = ReLU\nfor i in 0..60 { a = K(a, a)\n}", "x -> a", JOIN), "too-big"),
    "deep blocks": (flow("B199", "block B0 = Linear(64)\n" + repeated("block B# = [B@]", 200) + "\n"), "too-big"),
    "a chain of names": ("model A0 {\n  input x: float[N, 3]\n  output y = x -> ReLU\n}\n"
                         + repeated("model A# = A@", 3000), "too-big"),
    "recursion": (flow("A", "block A = B\nblock B = A\n"), "recursion"),
    "recursion with a number": (flow("A(10 ** 9)", ITSELF), "recursion"),
    "recursion of a combinator": (flow("A(ReLU)", TAKEN + "A(f)\n}\n"), "recursion"),
    "recursion in a default": (flow("A", "block A(n: layer = A) = n\n"), "recursion"),
    "recursion through a function": (flow("A", "fn f() = A\nblock A = f()\n"), "recursion"),
    "recursion through an argument": (flow("A(A)", TAKEN + "f(f)\n}\n"), "too-big"),
    "recursion of models": ("model M = K\nmodel K = M\n", "recursion"),
    "recursion of functions": (statements("a = f(1)", before="fn f(v) = g(v)\nfn g(v) = f(v)\n"), "recursion"),
    # dims
    "a polynomial": (statements("a = (N + 1) ** 8\nfor i in 0..30 { a = a * (a + i)\n}"), "too-big"),
    "many dims": (f"model M {{\n  input x: float[{DIMS}]\n  output y = x -> Flatten(0)\n}}\n", "too-big"),
    "many factors": (f"model M {{\n  input x: float[{DIMS}]\n  a = " + " * ".join(f"(D{i} + 1)" for i in range(40))
                     + "\n  output y = x -> ReLU\n}\n", "too-big"),
    "divisions": (image(" -> ".join(["Conv2d(3, 3, stride=2) -> Interpolate(scale_factor=3)"] * 60)), "too-big"),
    "remainders": (statements("a = N\nfor i in 0..40 { a = (a * 3 + i) // (i + 2) + a % (i + 3)\n}"), "too-big"),
    "requirements": (statements("for i in 2..200 { require N % i == 0\n}"), "too-big"),
    # operators
    "a rearrangement": (flow('Rearrange("b (x y) -> b x y", x=1000000000000)'), "shape-mismatch"),
    "axes": (flow('Rearrange("b (' + " ".join(f"a{i}" for i in range(3000)) + ') -> b", a1=2)'), "bad-pattern"),
    "nested axes": (flow('Rearrange("b ' + "(" * 5000 + "x" + ")" * 5000 + ' -> b x")'), "bad-pattern"),
    "indices": (flow('Einsum("' + ", ".join(["ab"] * 5000) + ' -> a")'), "bad-pattern"),
    "pieces": (flow("Chunk(10 ** 9, dim=1) -> Concat(dim=1)"), "too-big"),
    "unbound pieces": (statements("param p: float[1000000000] = zeros", "p -> Unbind -> Stack"), "too-big"),
    "recurrent layers": (image("LSTM(8, num_layers=10 ** 9) -> Item(0)"), "bad-argument"),
    "a large layer": (flow("Linear(10 ** 12) -> Linear(10 ** 12)"), None),
    "a layer beyond all": (flow("Linear(10 ** 30)"), "bad-argument"),
    "a parameter beyond all": (statements("param p: float[10 ** 30] = zeros"), "too-big"),
    "a tensor of many dims": (RANK, "too-big"),
    "a budget": (statements("require parameters <= 25e6", "x -> Linear(10 ** 12)"), "require-failed"),
    # text
    "open brackets": ("[" * 100000, "too-deep"),
    "brackets": (flow("[" * 50000 + "ReLU" + "]" * 50000), "too-deep"),
    "braces": (flow("Residual { " * 1500 + "ReLU" + " }" * 1500), "too-deep"),
    "signs": (flow("Linear(" + "-" * 50000 + "1)"), "too-deep"),
    "sums": (flow("Linear(" + " + ".join(["1"] * 50000) + ")"), "too-deep"),
    "branches": (statements("a = " + "if N == 1 { 1 } else " * 3000 + "{ 2 }"), "too-deep"),
    "a long flow": ("model M { input x: float[N, 3] output y = x" + " -> ReLU" * 130000 + " }\n", "too-big"),
    "a long name": (f"model {'M' * 1000000} {{\n  input x: float[N, 3]\n  output y = x -> Relu\n}}\n", "unknown-layer"),
    "a long comment": ("# " + "x" * 1000000 + "\n" + flow("Relu"), "unknown-layer"),
    "a long string": (flow('Rearrange("' + "b " * 500000 + '")'), "bad-pattern"),
    "blanks": (flow(" " * 1000000 + "Relu"), "unknown-layer"),
    "empty lines": ("\n" * 1000000 + flow("Relu"), "unknown-layer"),
    "a line of signs": ("%" * 100000, "syntax"),
    "many mistakes": (statements(repeated("a# = b#", 5000)), "unknown-name"),
    "many models": ("".join(f"model M{i} {{\n  input x: float[N, 3]\n  output y = x -> Lin{i}(3)\n}}\n"
                            for i in range(2000)), "unknown-layer"),
    "zeros": ("\0" * 10000, "bad-character"),
}  # fmt: skip
