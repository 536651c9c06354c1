"""How the repository does: figures for curators, each with the entries behind it."""
