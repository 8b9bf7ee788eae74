"""Katakana between full width and half width, by tables.

Unicode's compatibility forms are no substitute: NFKC would also turn ① into 1 and ㌔ into キロ, and has no
way back to half width.
"""

from __future__ import annotations

import unicodedata

_HALF_WIDTH_KATAKANA = range(0xFF66, 0xFF9E)  # ｦ to ﾝ, with ｰ
_COMBINING_MARKS = {"\u3099": "ﾞ", "\u309a": "ﾟ"}


def _half_width_table() -> dict[str, str]:
    table = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # ！ to ～, from the ASCII block
    table |= {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in _HALF_WIDTH_KATAKANA}
    table |= {
        "\u3000": " ",
        "。": "｡",
        "「": "｢",
        "」": "｣",
        "、": "､",
        "・": "･",
        "゛": "ﾞ",
        "゜": "ﾟ",
        "￥": "¥",
    }
    table |= _COMBINING_MARKS | {"ヮ": "ﾜ", "ヵ": "ｶ", "ヶ": "ｹ"}  # these three have no small half-width form
    for code in range(0x30A1, 0x30FB):  # ガ, パ, ヴ, ヷ: the mark becomes a character of its own
        base_and_mark = unicodedata.normalize("NFD", chr(code))
        if len(base_and_mark) == 2 and base_and_mark[0] in table:
            table[chr(code)] = table[base_and_mark[0]] + _COMBINING_MARKS[base_and_mark[1]]
    return table


_TO_HALF_WIDTH = str.maketrans(_half_width_table())
_TO_LARGE = str.maketrans("ｧｨｩｪｫｬｭｮｯァィゥェォャュョッヮヵヶ", "ｱｲｳｴｵﾔﾕﾖﾂアイウエオヤユヨツワカケ")


def to_half_width(text: str) -> str:
    """Full-width katakana, letters, digits, signs and space in half width; voiced marks as separate
    characters.

    The small ヮ ヵ ヶ, which have no half-width form, become large. What has no half-width form at all
    (hiragana, kanji, ヰ, ヱ) stays as it is.
    """
    return text.translate(_TO_HALF_WIDTH)


def to_large(text: str) -> str:
    """Small katakana, of either width, as large ones."""
    return text.translate(_TO_LARGE)
