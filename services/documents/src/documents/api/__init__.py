"""The HTTP side."""

from documents.api import documents, papers
from documents.api.context import Context

routers = [documents.router, papers.router]

__all__ = ["Context", "routers"]
