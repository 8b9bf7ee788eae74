"""What a step of a green loan must pass (guards), and what makes one follow by itself (conditions of the system); by
what they are about, as the rows are.

A guard finds; the functions whose names are statements answer yes or no.
"""
