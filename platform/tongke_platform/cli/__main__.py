"""``python -m tongke_platform.cli``: how the supervisor starts its children."""

from tongke_platform.cli import main

main()
