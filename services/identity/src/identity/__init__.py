"""The identity service of Madoguchi."""
