"""What an attacker may try: a module for each required behaviour, on the real application."""
