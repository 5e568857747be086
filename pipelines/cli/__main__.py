"""Run the command by ``python -m pipelines.cli``."""

from pipelines.cli import main

main()
