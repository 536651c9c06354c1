"""Benchmarks: speed, memory and ranking quality on this machine. `python -m tests.bench --help`.

Everything happens in temporary homes; nobody's repository is read or changed. Absolute times
wander with the machine's other work, so what can be compared is measured interleaved, in one run.
"""
