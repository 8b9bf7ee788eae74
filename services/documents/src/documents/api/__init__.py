"""The HTTP side."""

from documents.api import disclosure, documents, papers
from documents.api.context import Context

routers = [documents.router, papers.router, disclosure.router]

__all__ = ["Context", "routers"]
