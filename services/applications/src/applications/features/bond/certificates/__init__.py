"""The balance certificate (残高証明書): what the office imports, and what the association is shown (AS-31, AS-32)."""
