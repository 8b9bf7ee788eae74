"""`madoguchi doctor`: is what this service's processes need as they need it, and if not, what is the cause?

`practice` holds what a service says of itself and what is found, `database`, `keys` and `bus` the examinations that all
services share, `examination` runs them, `cli` is the command. A service adds its own by an entry point of the group
`madoguchi.doctor` that names a `practice.Practice`.
"""
