"""A simulated income information retrieval service (収入情報取得サービス), as its own process.

A person says on its page who they are, where the real one reads a My Number card, and downloads the evidence of a
year's income: a PDF for people, with the same data for programs attached, signed as a whole (GL-425). It keeps nothing
of anybody. The certificate is the stack's own, made at the first start and kept with its secrets.
"""

from madoguchi_stack.income_service.app import build

__all__ = ["build"]
