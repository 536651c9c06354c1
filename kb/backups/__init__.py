"""Backups: one file that holds a repository as it stood at one moment, and the way back."""
