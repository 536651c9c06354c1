"""Fixtures live in tests/fixtures, one module a subject."""

pytest_plugins = [
    "tests.fixtures.encoder",
    "tests.fixtures.postgres",
    "tests.fixtures.browser",
    "tests.fixtures.repository",
    "tests.fixtures.served",
]
