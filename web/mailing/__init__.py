"""Sending mail: a connection to the mail server, and the way through the outbox."""
