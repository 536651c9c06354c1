"""Finding: queries, rankings and their fusion, snippets, evaluation."""
