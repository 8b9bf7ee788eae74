"""Who may have a plot, and of what size."""

from kit.errors import Finding

LARGEST_SQUARE_METRES = 30


def size_findings(square_metres: int | None) -> list[Finding]:
    """TY-01: a plot has 1 to 30 square metres."""
    if square_metres is not None and 1 <= square_metres <= LARGEST_SQUARE_METRES:
        return []
    message = f"区画の広さは1〜{LARGEST_SQUARE_METRES}平方メートルで入力してください。"
    return [Finding("TY-01", "SIZE", message, "square_metres")]
