"""Assets from npm packages, built once at install into web/static/build."""
