"""The applications service of Madoguchi."""
