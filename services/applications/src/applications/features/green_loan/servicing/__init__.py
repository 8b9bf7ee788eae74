"""Loans that are repaid, as borrowers and banks see them."""
