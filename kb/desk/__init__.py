"""The curator's desk: who may do what with which revision, and the verbs of the workflow for people."""
