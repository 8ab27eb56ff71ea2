"""The programs that make `lectures_lib/recorded`: `python -m recipes NAME`, or `all`.

Each recipe is a function whose name is that of its file and which returns a table.
"""
