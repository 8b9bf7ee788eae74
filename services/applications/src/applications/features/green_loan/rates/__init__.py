"""The rates of the green loan (GL-249 to GL-254): what the office imports, and what is in force."""
