"""The rules of identity as pure functions: no clock, no database, no settings.

passwords   what a password must look like (ID-20 to ID-25)
lockout     what a wrong password costs (ID-27 to ID-33)
otp         when a one-time password is asked for, and which one is accepted (ID-40 to ID-43)
durations   how long links, sessions and user IDs are in force (ID-02, ID-10, ID-16, ID-38, ID-52, ID-76)
ekyc        the statuses of the online identity verification and their order (ID-71, ID-76, ID-77)
accounts    where a login lands, and whether somebody named the right person (ID-36, ID-37, ID-60 to ID-62)
"""
