"""Of the green loan: its rates, its insurer's service, the loan that is repaid, and its balance certificates."""
