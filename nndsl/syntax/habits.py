"""Words of other languages, and misspelt ones: told before parsing, and read as what they stand for."""

from __future__ import annotations

from nndsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix
from nndsl.source import Source, Span
from nndsl.syntax.brackets import CLOSERS, DECLARE, ITEM_WORDS, OPENERS
from nndsl.syntax.lexing import Lexed, Token
from nndsl.syntax.newlines import ENDS, STATEMENT_WORDS

CAPITALS = {"True": "true", "False": "false", "None": "none"}
ASSIGNERS = frozenset({"let", "var", "const", "val"})
UNKNOWN_ITEMS = {
    "def": (
        "BLOCK",
        "`def` is not in the language",
        "a layer is a `block`, arithmetic on hyperparameters is `fn name(x) = …`",
    ),
    "class": (
        "BLOCK",
        "`class` is not in the language",
        "a reusable layer is a `block`, what is compiled a `model`",
    ),
    "func": ("FN", "a function is written `fn name(x) = …`", ""),
    "function": ("FN", "a function is written `fn name(x) = …`", ""),
    "network": ("MODEL", "a network is a `model`", ""),
    "net": ("MODEL", "a network is a `model`", ""),
    "module": ("BLOCK", "a reusable layer is a `block`", ""),
}
WORDS = frozenset(
    {
        *CAPITALS,
        *ASSIGNERS,
        *UNKNOWN_ITEMS,
        "elif",
        "self",
        "return",
        "lambda",
        "while",
        "is",
        "import",
        "from",
    }
)


NAMELESS_SIZE = "a size that is not known yet has a name"
SIZES = "for example `N` for the batch; `_` is a size that nothing else mentions"


def correct(tokens: list[Token], lexed: Lexed, source: Source, diagnostics: Diagnostics) -> list[Token]:
    """The tokens with such words replaced; the same list where there are none."""
    edge = Token("$END", "", 0, 0)
    if not any(map(_suspicious, tokens, [*tokens[1:], edge], [edge, *tokens])):
        return tokens
    return _Habits(tokens, lexed, source, diagnostics).result()


def _suspicious(token: Token, following: Token, previous: Token) -> bool:
    if token.text in WORDS:
        return True
    return token.kind == following.kind == "NAME" and (token.first or previous.kind == "{")


class _Habits:
    def __init__(self, tokens: list[Token], lexed: Lexed, source: Source, diagnostics: Diagnostics) -> None:
        self.tokens = tokens
        self.lexed = lexed
        self.source = source
        self.diagnostics = diagnostics
        self.out: list[Token] = []
        self.depth = 0
        self.settings = False
        self.head = Token("$START", "", 0, 0)  # the first token of the line

    def result(self) -> list[Token]:
        at = 0
        end = Token("$END", "", len(self.source.text), len(self.source.text))
        while at < len(self.tokens):
            token = self.tokens[at]
            following = self.tokens[at + 1] if at + 1 < len(self.tokens) else end
            self.depth += (token.kind in CLOSERS) - (token.kind in OPENERS)
            self.head = token if token.first else self.head
            if self.depth == 0 and token.first:
                self.settings = token.kind in {"TRAIN", "WEIGHTS"}
            previous = self.out[-1] if self.out else end
            at += self.take(token, following, at) if _suspicious(token, following, previous) else self.keep(token)
        return self.out

    def keep(self, token: Token) -> int:
        self.out.append(token)
        return 1

    def take(self, token: Token, following: Token, at: int) -> int:
        """Puts out what the token stands for; gives how many tokens that took."""
        text, previous = token.text, self.out[-1].kind if self.out else ""
        if previous == "." or following.kind in {"=", ":"}:
            return self.keep(token)
        if text == "None" and self.head.kind in DECLARE and previous in {"[", ","} and following.kind in {",", "]"}:
            self.out.append(Token("NAME", "_", token.start, token.end))
            return self.told(token, NAMELESS_SIZE, "_", SIZES)
        if text in CAPITALS:
            right = CAPITALS[text]
            return self.become(token, right.upper(), f"`{text}` is written `{right}`", right)
        starts = token.first or previous == "{"
        if text == "elif" and (starts or previous == "}"):
            self.put(token, "ELSE")
            self.out[-1].first = token.first
            self.put(token, "IF")
            return self.told(token, "`elif` is written `else if`", "else if")
        if text == "self" and following.kind == ".":
            return self.without_self(token, following, at)
        if text == "is" and previous in ENDS and not token.first:
            return self.identity(token, following)
        if text in {"return", *ASSIGNERS} and starts and (text == "return" or following.kind == "NAME"):
            return self.needless(token, following)
        if text == "lambda":
            self.lexed.broken.append(token.start)
            self.put(token, "NAME")
            return self.told(token, "there is no `lambda`", None, "name the function: `fn name(x) = …`")
        if text == "while" and starts:
            return self.become(
                token,
                "IF",
                "there is no `while`: a spec always ends",
                None,
                "repeat with `for i in 0..n { … }`",
            )
        if token.kind in {"IMPORT", "FROM"} and token.first and self.depth == 0 and following.kind == "NAME":
            return self.python_import(token, at)
        if starts and token.kind == "NAME" and following.kind == "NAME" and not following.first:
            return self.misspelt(token)
        return self.keep(token)

    # ------------------------------------------------------------ single habits

    def without_self(self, token: Token, following: Token, at: int) -> int:
        fix = Fix("remove `self.`", [Edit(Span(self.source, token.start, following.end), "")])
        self.say(token, "there is no `self`: names stand for themselves", fix)
        if at + 2 < len(self.tokens):
            self.tokens[at + 2].first |= token.first
        return 2

    def identity(self, token: Token, following: Token) -> int:
        right, taken, end = ("!=", 2, following.end) if following.kind == "NOT" else ("==", 1, token.end)
        fix = Fix(f"write `{right}`", [Edit(Span(self.source, token.start, end), right)])
        self.say(token, f"values are compared with `{right}`", fix)
        self.out.append(Token(right, right, token.start, end))
        return taken

    def needless(self, token: Token, following: Token) -> int:
        fix = Fix(f"remove `{token.text}`", [Edit(Span(self.source, token.start, following.start), "")])
        why = (
            "the last flow of a block is its value" if token.text == "return" else "a name is given by `name = …` alone"
        )
        self.say(token, f"there is no `{token.text}`: {why}", fix)
        following.first = True
        return 1

    def python_import(self, token: Token, at: int) -> int:
        """Nothing of the line can be kept."""
        self.say(
            token,
            "an import names a file, in quotes",
            None,
            'for example: from "zoo/resnet.nn" import ResNet18',
        )
        taken = 1
        while at + taken < len(self.tokens) and not self.tokens[at + taken].first:
            taken += 1
        return taken

    def misspelt(self, token: Token) -> int:
        known = UNKNOWN_ITEMS.get(token.text) if self.depth == 0 else None
        if known is not None:
            kind, message, hint = known
            self.lexed.broken.append(token.start)
            return self.become(token, kind, message, None, hint)
        candidates = [] if self.settings and self.depth else sorted(ITEM_WORDS if self.depth == 0 else STATEMENT_WORDS)
        near = closest(token.text, [word.lower() for word in candidates])
        if near is None:
            return self.keep(token)
        return self.become(
            token, near.upper(), f"`{token.text}` is not a word of the language: did you mean `{near}`?", near
        )

    # ------------------------------------------------------------ saying it

    def become(self, token: Token, kind: str, message: str, right: str | None, hint: str = "") -> int:
        self.put(token, kind)
        self.out[-1].first = token.first
        return self.told(token, message, right, hint)

    def put(self, token: Token, kind: str) -> None:
        self.out.append(Token(kind, kind.lower(), token.start, token.end))

    def told(self, token: Token, message: str, right: str | None, hint: str = "") -> int:
        fix = Fix(f"write `{right}`", [Edit(Span(self.source, token.start, token.end), right)]) if right else None
        self.say(token, message, fix, hint)
        return 1

    def say(self, token: Token, message: str, fix: Fix | None, hint: str = "") -> None:
        span = Span(self.source, token.start, token.end)
        found = Diagnostic("syntax", message, span, hints=[hint] if hint else [], fixes=[fix] if fix else [])
        self.diagnostics.add(found)


def closest(word: str, candidates: list[str]) -> str | None:
    if len(word) > 12:
        return None
    from difflib import get_close_matches

    found = get_close_matches(word.lower(), candidates, 1, 0.74)
    return found[0] if found else None
