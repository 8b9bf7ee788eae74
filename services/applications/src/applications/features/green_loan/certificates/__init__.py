"""融資額残高証明書: what debtors see and print, what the office posts, and when it posts it (GL-505 to GL-509)."""
