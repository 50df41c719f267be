"""The shipped manuals of six domains and the questions people ask about them."""
