"""A simulated danshin Web service of the lead insurer, as its own process.

Whoever joins logs in with the user ID that was mailed, reads the statement, declares (GL-526, GL-527), brings a
certificate where one is wanted (GL-528, GL-535), takes the other product after a refusal (GL-530), or withdraws. The
insurer decides by a button. What is declared stays in this process's file: nothing of it is ever told.

The contract with us is that of a usual provider: open by API, hear of changes by signed callbacks, and ask for the
truth at any time.
"""

from madoguchi_stack.danshin.app import build

__all__ = ["build"]
