"""What is no speech is taken out of a text: control characters, emoji, odd widths and odd digits."""

import unicodedata

_SPACES = {"Cc", "Zs", "Zl", "Zp"}
_DROPPED = {"Cf", "Cs", "Co", "Cn", "Mn", "Me"}
_PICTURES = {"So", "Sk"}
_KEPT = "°"
_WORDS = {"№": "No. ", "½": "1/2", "¼": "1/4", "¾": "3/4", "×": "x", "−": "-"}
_WIDE = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code - 0xFEE0).isalnum()} | {
    ord(wide): plain for wide, plain in zip("％＄＃＠＆＊＋／．－", "%$#@&*+/.-", strict=True)
}


def clean(text: str) -> str:
    """Return a text without what cannot be said, its spaces single and its digits plain."""
    plain = unicodedata.normalize("NFC", text.translate(_WIDE))
    return " ".join("".join(map(_said, plain)).split())


def _said(mark: str) -> str:
    if mark in _WORDS:
        return _WORDS[mark]
    kind = unicodedata.category(mark)
    if kind == "Nd":
        return str(unicodedata.decimal(mark))
    if kind in _SPACES or (kind in _PICTURES and mark not in _KEPT):
        return " "
    return "" if kind in _DROPPED else mark
