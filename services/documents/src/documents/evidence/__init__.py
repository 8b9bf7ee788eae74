"""Income evidence that a program reads: files of the income information retrieval service (GL-425).

- `reading`: what a file is, looked at in a process of its own, for the file may be hostile
- `work`: the durable step after a file was stored

A file is told of and never refused: who has another paper than the service's may hand it in all the same (GL-429).
"""
