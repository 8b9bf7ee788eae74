"""Papers of the green loan: which are needed, from whom, how old they may be, and what must stand in them.

- `kinds`: the papers by name, with where each is obtained
- `facts`: what the rules below are told of an application
- `identity`: identity papers, also at the branch (GL-368 to GL-373, GL-490, GL-491); `register`: the building register
  (GL-374, GL-375)
- `income`: proof of income (GL-376 to GL-392, GL-403); `jobs`: change of job and the like (GL-404, GL-405, GL-412)
- `income_service`: days of the income information retrieval service (GL-428, GL-429)
- `works`: works papers, breakdown and circles (GL-393 to GL-398, GL-418 to GL-424)
- `people`: papers for certain people (GL-406 to GL-411)
- `declaration`: form No. 13 (GL-413); `salary`: the salary certificate (GL-414 to GL-417)
- `conformity`: the dossier for the inspection body (GL-437 to GL-457)
- `completion`: start of works, report, photographs, what goes to the institution (GL-396, GL-397, GL-399, GL-458 to
  GL-479)
- `requirement`: what one required paper is (GL-362, GL-366); `required`: the set for one application, explained
- `conditions`: what whoever uploads a paper confirms of it
- `check`: what is missing or unusable among the uploads, as findings (GL-103, GL-348)
"""
