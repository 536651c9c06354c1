"""Bringing people who ask together with people who know."""
