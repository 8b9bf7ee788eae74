"""A simulated provider of electronic identity verification (eKYC), as its own process.

The contract is that of a usual provider: start a verification by API, send the person to its page, hear of the result
by signed callbacks, and ask for the truth at any time. What a network does to callbacks can be ordered: `POST /control`
makes them come twice, late or newest first.
"""

from madoguchi_stack.ekyc.app import build

__all__ = ["build"]
