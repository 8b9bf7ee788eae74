"""The documents service of Madoguchi."""
