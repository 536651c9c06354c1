"""The pages, the API and the command line: everything that people and programs touch."""
