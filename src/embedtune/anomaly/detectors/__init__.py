"""Ways of telling which query is strange, all behind one port.

``port`` says what a detector is given and what it answers, ``kinds`` lists them. By the query's words: ``wording``
(how surprising, in windows) and ``intent`` (how much like an order, in windows). By its vector: ``topic`` (learned
apart from everyday questions), ``passages`` and ``nearest`` (distance to what is known), ``mahalanobis``,
``autoencoder``. ``tail_scale`` makes their scores comparable.
"""
