"""The command line: ``tongke``.

Nothing is imported before it is needed: a part that is restarted must not first load the rest.
"""

import sys


def main() -> None:
    if sys.argv[1:2] and sys.argv[1].startswith("_"):
        from tongke_platform.cli.children import parts

        parts()
    else:
        from tongke_platform.cli.program import cli

        cli()
