"""The `toolpath` command: every act of the service from a terminal.

Commands import what they need when they run, so that the help is there at once.
"""

from __future__ import annotations

import sys

import typer

from workers import (
    cli_dead_letters,
    cli_endpoints,
    cli_keys,
    cli_operate,
    cli_run,
    cli_runs,
    cli_secrets,
    cli_serve,
    cli_tools,
)
from workers.cli_errors import INTERRUPTED, CliError

app = typer.Typer(
    name="toolpath",
    help="Gets work done by connecting language models to tools.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _module in (cli_serve, cli_run, cli_operate):
    _module.add_commands(app)
app.add_typer(cli_runs.app, name="runs", help="Look at runs, and act on them.")
app.add_typer(cli_keys.app, name="keys", help="Make keys for other callers, list and revoke them.")
app.add_typer(cli_secrets.app, name="secrets", help="Keep credentials that tools need; no value comes out.")
app.add_typer(
    cli_dead_letters.app, name="dead-letters", help="What every worker vanished over, and another go at it."
)
app.add_typer(cli_endpoints.app, name="endpoints", help="Model endpoints: list, add and remove them.")
app.add_typer(cli_tools.app, name="tools", help="Find tools, look at them, add and try them.")


def main() -> None:
    """The console script: errors on standard error with a non-zero exit, never a stack trace."""
    try:
        app()
    except CliError as error:
        sys.stderr.write(f"toolpath: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone
        sys.exit(1)


if __name__ == "__main__":
    main()
