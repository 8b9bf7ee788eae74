"""The log of what is provided to third parties (GL-614, GL-621)."""
