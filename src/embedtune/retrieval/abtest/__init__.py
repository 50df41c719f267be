"""Compare two searches on the people who use them: who is shown what, what was shown, what it led to."""
