"""Telling people what concerns them: in the application, and by mail where a server is set."""
