"""Does a system hold when a question is written another way: generated cases, run alike on every system.

`families` lists what may be changed in a question and what is then expected, `generating` makes the cases of a
test suite, `running` puts them to a system, `outcome` holds what came out.
"""
