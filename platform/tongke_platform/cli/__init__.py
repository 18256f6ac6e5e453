"""The command line: ``tongke``."""

import typer

from tongke_platform.cli import children, doctor, migrate, publish, serve, watch

cli = typer.Typer(
    name="tongke",
    help="Tongke (同课): live lessons from strong schools to partner classrooms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command("serve")(serve.command)
cli.command("migrate")(migrate.command)
cli.command("doctor")(doctor.command)
cli.command("publish")(publish.command)
cli.command("watch")(watch.command)
for name, run in children.COMMANDS.items():
    cli.command(name, hidden=True)(run)


def main() -> None:
    cli()
