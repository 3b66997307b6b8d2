"""Signs of other languages and of typesetting, and how each is written here."""

from __future__ import annotations

# Each is read as the right form, so that nothing follows from it.
FOREIGN = {
    "&&": ("and", "`&&` is written `and`"),
    "||": ("or", "`||` is written `or`"),
    "!": ("not ", "`!` is written `not`"),
    "^": ("**", "a power is written `**`"),
    "&": ("and", "`&` is written `and`"),
    "~": ("not ", "`~` is written `not`"),
    ":=": ("=", "a name is given with `=`, not `:=`"),
    "=>": ("->", "values flow along `->`, not `=>`"),
    "|>": ("->", "values flow along `->`, not `|>`"),
    ">>": ("->", "values flow along `->`, not `>>`"),
    ";": ("", "statements end where their line ends; `;` is not needed"),
    "→": ("->", "the arrow is written `->`"),
    "×": ("*", "multiplication is written `*`"),
    "·": ("*", "multiplication is written `*`"),
    "÷": ("/", "division is written `/`"),
    "−": ("-", "this minus sign is not the one on the keyboard: write `-`"),
    "–": ("-", "this dash is not a minus sign: write `-`"),
    "≤": ("<=", "less or equal is written `<=`"),
    "≥": (">=", "greater or equal is written `>=`"),
    "≠": ("!=", "unequal is written `!=`"),
    "…": ("...", "the ellipsis is written as three dots: `...`"),
    "\u00a0": ("", "this is a no-break space: write an ordinary one"),
}
ARITHMETIC = ("**=", "//=", "+=", "-=", "*=", "/=", "%=", "@=")
TYPED_QUOTES = {"'": "'", "“": "”", "‘": "’", "«": "»"}
