"""The texts on the pages of a PDF that we wrote."""

import base64
import re
import zlib

_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def printed(content: bytes) -> list[str]:
    """The texts on the pages: strings of two-byte letters, which PDF writes with escapes."""
    texts = []
    for data in re.findall(rb"stream\r?\n(.*?)endstream", content, re.S):
        page = zlib.decompress(base64.a85decode(b"<~" + data.strip(), adobe=True))
        for string in re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", page, re.S):
            plain = re.sub(
                rb"\\([0-7]{3}|.)",
                lambda m: bytes([int(m[1], 8)]) if m[1].isdigit() else _ESCAPES.get(m[1], m[1]),
                string,
                flags=re.S,
            )
            texts.append(plain.decode("utf-16-be"))
    return texts
