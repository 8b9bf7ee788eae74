"""The insurer's danshin Web service (団信Web申込サービス; GL-400, GL-526): a provider outside of the agency.

- `client`: asking it; `commands`: the rows about which it is asked, and what its word does; `work`: one turn of the job
- `why`: what `madoguchi why` says of it

Whoever joins declares there, and what they declare stays there: nothing of anybody's health is asked for, and what an
answer says of it is not read. Which steps follow from a word is said by `programmes.green_loan.danshin.progress`.
"""
