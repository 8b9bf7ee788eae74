"""Files to hand in."""

from __future__ import annotations


def pdf(title: str, size: int) -> bytes:
    """A PDF of one empty page, padded to about `size` bytes."""
    head = "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page = f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n% {title}\n"
    body = (head + page).encode()
    filler = b"% " + b"." * max(size - len(body) - 200, 0) + b"\n"
    offsets = [body.index(b"%d 0 obj" % n) for n in (1, 2, 3)]
    start = len(body) + len(filler)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + filler + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
