"""Which characters belong to JIS X 0208, the standard set of government and bank systems.

Everything else is 外字 (I-28): a system of the office, or of the bank, may not print it.
"""

from __future__ import annotations

# Lead bytes of rows 1-8 and 16-84 in Shift_JIS. Between them cp932 has vendor characters such as ① and Ⅱ.
_LEAD_BYTES = frozenset((*range(0x81, 0x85), *range(0x88, 0xA0), *range(0xE0, 0xEB)))
_ESCAPE_TO_TWO_BYTES = b"\x1b$"


def is_standard(char: str) -> bool:
    """Whether one character is in JIS X 0208.

    Two encodings are asked, because they know different code points for the same characters ～ － ∥ ￠ ￡ ￢:
    what people type on Windows must pass as well as what they type elsewhere.
    """
    return _in_cp932(char) or _in_iso2022(char)


def _in_cp932(char: str) -> bool:
    try:
        encoded = char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2 and encoded[0] in _LEAD_BYTES


def _in_iso2022(char: str) -> bool:
    try:
        return char.encode("iso2022_jp").startswith(_ESCAPE_TO_TWO_BYTES)
    except UnicodeEncodeError:
        return False
