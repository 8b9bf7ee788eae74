"""`madoguchi why`: where one application stands in all services, what is pending, and what may be done about it.

`witness` holds what a service says of itself and of an application, `shared` what every service has about it (events
not told, effects not done, parked events, timers), `inquiry` asks those that can be reached, `words` puts the answer
in lines, `cli` is the command. A service adds its part by an entry point of the group `madoguchi.why` that names a
`witness.Witness`.
"""
