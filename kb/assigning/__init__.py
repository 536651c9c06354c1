"""Learning paths that trainers assign, to people, roles and cohorts, with a day until when."""
