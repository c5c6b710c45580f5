"""serve and token: the history over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from watcher.cli.options import (
    HERE,
    PORT,
    ConfigOption,
    HostOption,
    LogFormat,
    LogFormatOption,
    OnlyJsonOption,
    PortOption,
)


def register(app: typer.Typer) -> None:
    app.command("serve", short_help="Show what is stored in a browser, and to programs.")(serve)
    app.command("token", short_help="Make a token that may read over HTTP.")(token)


def serve(
    config: ConfigOption = None,
    log_format: LogFormatOption = LogFormat.TEXT,
    host: HostOption = HERE,
    port: PortOption = PORT,
) -> None:
    """Serve the pages, /api/v1 and /metrics until stopped. Reads the history and writes nothing;
    `watcher run` may write meanwhile."""
    from watcher.cli.logs import configure_logs
    from watcher.cli.serving import make_server
    from watcher.cli.session import read_config

    configure_logs(log_format)
    server = make_server(read_config(config), host=host, port=port)
    server.run()
    if server.interrupted:
        raise KeyboardInterrupt("nothing was being written; `watcher serve` starts again")


def token(
    name: Annotated[str, typer.Argument(help="Who it is for: a name for people.")],
    as_json: OnlyJsonOption = False,
) -> None:
    """Make a token that may read over HTTP, and what the configuration must say to know it.

    The token is printed once and kept nowhere.
    """
    from watcher.api.tokens import hash_of, new_token
    from watcher.cli.output import print_json, print_text
    from watcher.config import fields
    from watcher.config.toml import toml_value
    from watcher.errors import InputError

    try:
        shown = fields.text(name)
    except ValueError as error:
        raise InputError(f"the name: {error}") from None
    made = new_token()
    if as_json:
        print_json({"name": shown, "token": made, "sha256": hash_of(made)})
        return
    print_text(f"token   {made}")
    print_text("it is kept nowhere; for watcher.toml:")
    print_text("[[api.tokens]]")
    print_text(f"name = {toml_value(shown)}")
    print_text(f'sha256 = "{hash_of(made)}"')
