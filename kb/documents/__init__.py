"""Entries as documents to take away: Markdown, Word and PDF, tables, and a report of lessons."""
