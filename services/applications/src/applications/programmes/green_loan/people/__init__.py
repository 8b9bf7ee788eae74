"""Who may take part in a green loan.

`age` (GL-110 to GL-116), `applicants` (conditions of group 5, anti-social forces, all applicants), `web` (group 2),
`kinship` (GL-138 to GL-145), `owners` (GL-125 to GL-132), `occupant` (GL-146 to GL-150), `combining` (group 17),
`relay` (group 18), `residence` (group 19).
"""
