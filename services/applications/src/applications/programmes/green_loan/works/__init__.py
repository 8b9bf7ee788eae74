"""What is renovated with a green loan.

`house` (group 6, but for its owners), `kinds` (the table of works, group 8), `required` (which works are required
ones), `lines` (the cost lines of an application: A, B, C, or not financed).
"""
