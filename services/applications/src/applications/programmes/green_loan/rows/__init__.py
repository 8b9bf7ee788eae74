"""The rows of the life of a green loan, by who moves it when; `workflow.py` puts them together."""
