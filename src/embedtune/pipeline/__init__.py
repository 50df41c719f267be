"""The use cases: one function for each thing a user asks for.

Only here are backends chosen and the workspace folder touched. ``workspace`` keeps stages and their
receipts, ``wiring`` turns settings and names into models, ``questions`` brings questions and corpora
together, ``systems`` builds what an evaluation compares, and one module a stage holds its work:
``corpus``, ``pairs``, ``training``, ``anomaly_stage``, ``evaluation``, ``publishing`` (its card comes from
``describing``), ``indexing``, ``searching``. ``flow`` runs them all.
"""
