"""Learning paths as people take them: enrolments, progress, questions, and what trainers see of them."""
