"""What no honest question contains: written rules, each with a name that its hits bear.

``rule`` is what a rule is, ``phrases`` holds orders to override instructions and requests for secrets, ``markup`` the
marks of chats, pages and templates, ``encoded`` blobs that hide their text, ``disguises`` undoes simple encodings so
that the phrases are found behind them, ``matching`` applies them all, ``honest`` leaves out those
that the honest queries of a domain meet.
"""
