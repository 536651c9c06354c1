"""The desk's pages: writing, reviewing and keeping true, each a form of its own."""
