"""Dealing with a provider outside of the agency: of identity checks, of electronic contracts, of insurance.

What is true of each of them: its callbacks are hints, which may be repeated, late, out of order or forged; its answers
to our questions are the truth; asking again and again is what works when no callback comes; it may be down for days,
which delays what we want of it and loses nothing; what we asked for twice is there once, by our reference.

- `client`: asking. `callbacks`: what it tells us. `jobs`: rows about which it is to be asked, and the worker's loop.
- `pauses`: how long to wait. `configuration`: settings.

Nothing in here knows what any provider does.
"""
