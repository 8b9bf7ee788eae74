"""A simulated provider of electronic contracts, as its own process.

The contract is that of a usual provider: open an envelope by API, send each person to a page of their own, hear of
signatures by signed callbacks, ask for the truth and fetch the signed paper at any time, void what is not to be signed.
`POST /control` makes callbacks come twice, late or newest first.
"""

from madoguchi_stack.econtract.app import build

__all__ = ["build"]
