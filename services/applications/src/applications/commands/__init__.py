"""What can be done: one function per use case, the applicants' in `applications`, the office's in `reviews`, and in
`projections` what is kept of other services' events. None of them commits.
"""
