"""Bodies of requests and responses, a module for each module of `api`."""
