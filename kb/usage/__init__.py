"""How the repository is used: counted by day, without anybody's name, and what searches did not find."""
