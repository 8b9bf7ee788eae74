"""What a programme has besides its rules and its table, with tables of the database or a provider of its own: a folder
of the programme's name, and in it one for each such thing.

Nothing generic uses it; `errands`, `api` and `main` put it together. Its routes are in `api`, in a folder of that name.
"""
