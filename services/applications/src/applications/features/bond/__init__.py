"""Of the bond programme: the balance certificate."""
