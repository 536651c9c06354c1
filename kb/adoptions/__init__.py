"""Who adopted a lesson: for which project, when, and what they said."""
