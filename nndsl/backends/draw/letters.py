"""Letters as LaTeX sets them: each with pdfLaTeX, LuaLaTeX and XeLaTeX, none with a meaning of its own."""

from __future__ import annotations

import unicodedata
from itertools import groupby

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "©": r"\textcopyright{}",
    "…": r"\dots{}",
    "–": "--",
    "—": "---",
    "‘": "\\textquoteleft{}",
    "’": "\\textquoteright{}",
    "“": "\\textquotedblleft{}",
    "”": "\\textquotedblright{}",
    "•": r"\textbullet{}",
}
_SIGNS = {
    "×": "times", "÷": "div", "·": "cdot", "⋅": "cdot", "±": "pm", "∓": "mp", "∗": "ast", "∘": "circ", "∙": "bullet",
    "→": "rightarrow", "←": "leftarrow", "↔": "leftrightarrow", "↑": "uparrow", "↓": "downarrow", "↦": "mapsto",
    "⇒": "Rightarrow", "⇐": "Leftarrow", "⇔": "Leftrightarrow",
    "≥": "geq", "≤": "leq", "≠": "neq", "≈": "approx", "≡": "equiv", "∼": "sim", "∝": "propto", "≪": "ll", "≫": "gg",
    "∞": "infty", "√": "surd", "∑": "sum", "∏": "prod", "∫": "int", "∂": "partial", "∇": "nabla", "ℓ": "ell",
    "∈": "in", "∋": "ni", "∉": "notin", "⊂": "subset", "⊃": "supset", "⊆": "subseteq", "⊇": "supseteq", "∩": "cap",
    "∪": "cup", "∅": "emptyset", "∀": "forall", "∃": "exists", "¬": "neg", "∧": "wedge", "∨": "vee", "⊕": "oplus",
    "⊖": "ominus", "⊗": "otimes", "⊙": "odot", "⊤": "top", "⊥": "perp", "∥": "parallel", "⟨": "langle", "⟩": "rangle",
    "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil", "⌉": "rceil", "†": "dagger", "‡": "ddagger", "′": "prime",
    "ϕ": "phi", "φ": "varphi", "ϵ": "epsilon", "ε": "varepsilon", "ϑ": "vartheta", "ϖ": "varpi", "ϱ": "varrho",
    "ς": "varsigma",
}  # fmt: skip
_GREEK = (
    "alpha beta gamma delta zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_LIKE_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))
_LIFTED, _LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"
_WITHOUT = set("ĦħĸĿŀŉŦŧſ")  # Latin letters that the T1 fonts lack
FALLBACK = r"\def\nnletter#1#2{\ifdefined\Umathchar\iffontchar\font#1 #2\else?\fi\else?\fi}"


def _named(word: str) -> str:
    """A Greek letter by its LaTeX name."""
    size, name = ("CAPITAL", word.upper()) if word[0].isupper() else ("SMALL", word.upper())
    return unicodedata.lookup(f"GREEK {size} LETTER {name.replace('LAMBDA', 'LAMDA')}")


_SPECIAL |= {letter: f"$\\{name}$" for letter, name in _SIGNS.items()}
_SPECIAL |= {_named(word): f"$\\{word}$" for word in _GREEK.split()}
_SPECIAL |= _LIKE_LATIN | {"−": "$-$", "µ": r"$\mu$"}
_SPECIAL |= {letter: rf"\textsuperscript{{{digit}}}" for digit, letter in enumerate(_LIFTED)}
_SPECIAL |= {letter: rf"\textsubscript{{{digit}}}" for digit, letter in enumerate(_LOWERED)}


def latex(text: str) -> str:
    """For a text of which no letter has a meaning; several spaces stay several. A letter that pdfLaTeX has no font for
    is a question mark there, and in the others where their font lacks it; `FALLBACK` has to stand before."""
    parts = []
    for letter, run in groupby(unicodedata.normalize("NFC", text)):
        times = len(list(run))
        if letter == " ":
            parts.append(" " if times == 1 else r"\ " * times)
        else:
            parts.append(_letter(letter) * times)
    return "".join(parts)


def _letter(letter: str) -> str:
    known = _SPECIAL.get(letter)
    if known is not None:
        return known
    if not letter.isprintable():
        return "?"
    is_known = ord(letter) < 0x7F or (0xA1 <= ord(letter) <= 0x17E and letter not in _WITHOUT)
    return letter if is_known else rf"\nnletter{{{ord(letter)}}}{{{letter}}}"
