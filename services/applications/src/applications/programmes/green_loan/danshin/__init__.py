"""団体信用生命保険 (danshin): who joins, for how much, and when the cover starts and ends (groups 32 and 33).

- `kinds`: the products and the choices (GL-512, GL-252)
- `join`: who may join, ages at the declaration, the couple by Duet, the declaration (GL-520 to GL-534, GL-541)
- `amounts`: caps over several loans, health check certificate (GL-535 to GL-540)
- `cover`: start, stages and end of the cover (GL-518, GL-519, GL-544 to GL-556)
- `waiting`: the 90 days, 60 and 180 days, and one year (GL-560 to GL-566)
- `invitation`: until when the mail of the danshin Web service is due (GL-400, GL-402, GL-526)
- `progress`: what the danshin Web service says, and the steps that follow (GL-102, GL-527 to GL-532)

Claims are decided by the insurer (GL-575): what is paid and what is not is only told, in `guide.danshin`.
"""
