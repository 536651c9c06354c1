"""Estimates that were kept: versions that never change, what it really was, and who may see them."""
