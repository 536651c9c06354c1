"""What is to become of a lesson: actions that are identified, assigned, embedded and checked."""
