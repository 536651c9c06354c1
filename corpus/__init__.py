"""The sample corpus: lessons, reviews, templates, training and projects of an illustrative organisation."""
