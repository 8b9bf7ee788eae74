"""The electronic contract at its provider (GL-480 to GL-495), of any programme that has one (`Programme.contract`).

`envelopes` has one row for each contract period of an application: the paper that all sign, and how far that has come
at the provider. The row is written in the step that announces the period, and ended in the step that leaves it; `work`
is what the worker's loop does about a row (`kit.providers.jobs`), `client` asks the provider.
"""
