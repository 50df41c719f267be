"""One page about an evaluation: the verdict, the figures behind it, and the questions behind the figures.

`building` computes the content from rankings and judgements, `html` makes it a single file that asks no other.
"""
