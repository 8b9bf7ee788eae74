"""From the confirmation to the funds: windows, channel, acceptance, decision, contract, disbursement, privacy.

- `dates`: periods, the limit of six months, business days (GL-355, GL-402, GL-493, GL-625)
- `windows`: hours and windows (group 3); `channel`: channel, institution, re-application (group 20)
- `acceptance`: consents of everybody, errors, date of acceptance (GL-255 to GL-259)
- `decision`: approval, reduced amount, conditions (group 26)
- `contract`: deadline, period, guard, everybody's signature (group 30)
- `counter_papers`: papers for the face-to-face check (GL-489 to GL-491)
- `disbursement`: delivery periods, blocking items, account, agent, estimates (group 31, GL-098)
- `certificates`: balance certificates (GL-505 to GL-509)
- `consents`: versions of the consent, and what is provided regularly (group 36)
"""
