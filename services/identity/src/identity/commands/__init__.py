"""The writes of identity, one function per use case; nothing here commits by itself.

registration  request_registration, commit_registration
invitations   invite, withdraw, accept, accept_with_new_account
successions   start, start_own, confirm, withdraw_own, withdraw_for, object_to
takeover      complete
sessions      log_in, log_in_with_otp, use_session, log_out, end_one, end_others; for the worker: end_idle
otp           enrol, count_attempt, spend, prove, reset, void, void_own, void_for
passwords     request_reset, set_password, change_password
reminders     ask, answer
ekyc          start, open_link, take_callback; for the worker: asked_about, link_ready, apply_truth, expire_link
followups     for the worker: follow_up
lapse         lapse
approval      note_approval
organisations register, change, close
staff         add_staff, close
keys          rotate, reencrypt
audit         note: who did it and why, for what is done to others
accounts      what they share

Most functions take a session and leave the commit to the edge. Those that compute a slow hash, or whose refusal must be
remembered, take the database and say in their docstring where one transaction ends and the next begins.
"""
