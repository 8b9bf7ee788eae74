"""The notifications service of Madoguchi."""
