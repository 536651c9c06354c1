"""Entries that say the same: found over the whole repository, and what curators decided about them."""
