"""`python -m web` is the command line, for the processes that `precedent serve` starts."""

from web.cli import main

main()
