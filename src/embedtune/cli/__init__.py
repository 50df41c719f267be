"""The command line: parse, call one function of the pipeline, render.

``main`` is the entry point and turns errors into exit codes, ``options`` are those that every command
has, ``console`` draws progress and tables, and each other module holds one group of commands.
"""
