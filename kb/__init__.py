"""The repository: entries, their revisions, and the verbs that change and read them."""
