"""The commands of ``tongke``."""

import typer

from tongke_platform.cli import (
    demo,
    doctor,
    export,
    export_group,
    import_,
    import_textbooks,
    migrate,
    packages,
    publish,
    retention,
    rollups,
    search,
    serve,
    user,
    watch,
)

cli = typer.Typer(
    name="tongke",
    help="Tongke (同课): live lessons from strong schools to partner classrooms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command("serve")(serve.command)
cli.command("demo")(demo.command)
cli.command("publish")(publish.command)
cli.command("watch")(watch.command)
cli.command("migrate")(migrate.command)
cli.add_typer(retention.cli, name="retention")
cli.add_typer(rollups.cli, name="rollups")
cli.add_typer(search.cli, name="search")
cli.command("doctor")(doctor.command)
import_.cli.command("textbooks")(import_textbooks.command)
cli.add_typer(import_.cli, name="import")
cli.add_typer(export.cli, name="export")
packages.register(import_.cli, export.cli)
export_group.register(export.cli)
cli.add_typer(user.cli, name="user")
