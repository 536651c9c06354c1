"""Rough treatment: what happens when processes are killed, files break, and backups are made meanwhile.

`python -m tests.torture` runs every row and fails when one is broken; `--short` is what the tests run.
"""
