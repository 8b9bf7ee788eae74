"""The money of a green loan, in int yen and Decimal percent.

`rounding` (GL-626, GL-630), `limit` (group 9; its D costs are in `works.costs`, group 10), `term` (group 11), `methods`
(group 12), `rates` and `rate_file` (group 13), `repayment` (group 14: what the guide's formulas give), `ratio` (group
15), `borrowings` (group 16), `parts` and `schedule` (what is paid when), `arrears` and `changes` (group 34),
`prepayment` (group 35).
"""
