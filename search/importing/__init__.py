"""Tables of finished projects become project records: by a mapping that a person has agreed to.

`propose(table)` suggests one and says what it cannot know, `questions(table, mapping)` says what is still
undecided, `convert(table, mapping)` gives the records. Nothing is guessed silently.
"""
