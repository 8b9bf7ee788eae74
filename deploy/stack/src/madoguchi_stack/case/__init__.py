"""Real cases, played through the public HTTP APIs as people would: for `make run`, and for tests of whole journeys."""
