"""Use cases of identity.

Those that hash a password take the database instead of a session and open short transactions
around the hash: a hash inside one would hold back every reader of the journal.
"""
