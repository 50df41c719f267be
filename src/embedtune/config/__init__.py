"""One typed tree of settings, read from TOML, JSON or YAML.

``settings`` holds a frozen object for each room, ``loading`` reads a file into the tree and says
which known key an unknown one resembles, ``flat`` accepts the flat JSON of older training scripts,
``template`` writes the commented file of ``embedtune init``.
"""
