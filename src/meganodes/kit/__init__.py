"""Small machinery without a domain word in it: clock, identity, secrets, tokens, logging, database.

Together with the composition root it is the only place that may read the wall clock, random
numbers or sleep; everybody else takes these as arguments, so that a run can be replayed.
"""
