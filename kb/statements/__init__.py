"""Telling a record store what people learn, in statements of the Experience API."""
