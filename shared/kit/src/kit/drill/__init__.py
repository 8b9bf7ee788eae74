"""`madoguchi drill`: is the backup one from which the service could go on? Taken, restored beside, and looked through.

`backup` takes and restores, `proof` looks through what was restored, `cli` is the command. What only one service can
look through (its history, its files) it names by an entry point of the group `madoguchi.drill`: an `extra.Extra`.
"""
