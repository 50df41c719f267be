"""From the last step to the model that is kept.

``final_model`` writes it: ``averaging`` with the base, as much as dev questions ask for; ``general`` and ``drift`` say
what that costs elsewhere, and ``merge`` records it.
"""
