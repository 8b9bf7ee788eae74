"""What a plot costs."""

YEN_PER_SQUARE_METRE = 500


def yearly_fee_yen(square_metres: int) -> int:
    """TY-02: the fee of a year, in yen."""
    return square_metres * YEN_PER_SQUARE_METRE
