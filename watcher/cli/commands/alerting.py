"""rules and alerts: what is asked of the figures, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    chosen,
    duration,
)

if TYPE_CHECKING:
    from watcher.state.alert import Kept

DEFAULT_ROWS = 60
ALERT_HELP = "The first digits of its id, as `watcher alerts list` shows it."
AlertArgument = Annotated[str, typer.Argument(help=ALERT_HELP)]
WhoOption = Annotated[
    str | None, typer.Option("--who", help="Who does it [default: $USER, for the record].")
]
WhyOption = Annotated[str, typer.Option("--why", help="Why, for the record.")]


def register(app: typer.Typer) -> None:
    rules = typer.Typer(
        help="When somebody is told: the rules.", no_args_is_help=True, rich_markup_mode=None
    )
    rules.command("check", short_help="Every rule, its units, and its targets.")(check)
    rules.command("test", short_help="How often each would have fired.")(try_out)
    app.add_typer(rules, name="rules")
    alerts = typer.Typer(
        help="What the rules have found.", no_args_is_help=True, rich_markup_mode=None
    )
    alerts.command("list", short_help="The alerts that are open, or all.")(list_)
    alerts.command("show", short_help="One alert's whole life, and its formula.")(show)
    alerts.command("ack", short_help="Say that somebody is at it.")(ack)
    alerts.command("silence", short_help="Tell nobody of it for a while.")(silence)
    app.add_typer(alerts, name="alerts")


def check(
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Every rule in effect: its condition, the units of what it asks for, for how long, and on
    which targets of the file it is asked. Presets that are off are listed with the reason."""
    from watcher.cli.ruled import print_rules
    from watcher.cli.session import read_config

    print_rules(read_config(config), format_=chosen(format_, as_json))


def try_out(
    rule: Annotated[
        list[str] | None, typer.Argument(help="Names of rules or presets [default: all in effect].")
    ] = None,
    config: ConfigOption = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Only on this target: name, address or id.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="N|DATE", help="The first block or UTC date.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="N|DATE", help="The last block or UTC date.")
    ] = None,
    every: Annotated[bool, typer.Option("--list", help="List each alert by itself.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Play the stored history to the rules: how often each would have fired, for how long, and how
    many alerts a day that is. Nothing is stored and nobody is told."""
    from watcher.cli.ruled import print_tried, rules_to_try, try_rules
    from watcher.cli.session import open_store, read_config

    settings = read_config(config)
    rules = rules_to_try(settings, rule or [])
    with open_store(settings) as store:
        found = try_rules(settings, store, rules, target=target, first=first, last=last)
        targets = store.targets()
    print_tried(found, rules, targets, every=every, format_=chosen(format_, as_json))


def list_(
    config: ConfigOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Those that have ended as well, and that never fired.")
    ] = False,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="At most so many, the newest ones.")
    ] = DEFAULT_ROWS,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The alerts that are open, the worst first; with --all every one, the newest last."""
    import time

    from watcher.cli.alerted import print_alerts
    from watcher.cli.session import open_store, read_config

    settings = read_config(config)
    with open_store(settings) as store:
        found, targets = store.alerts(every=every, limit=limit), store.targets()
    print_alerts(
        found,
        targets,
        now=time.time(),
        unit=settings.settings.unit,
        every=every,
        format_=chosen(format_, as_json),
    )


def show(alert: AlertArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """One alert's whole life: each event with its block or who did it and why, and the figures of
    the rule's condition as they stood."""
    import time

    from watcher.cli.alerted import print_alert
    from watcher.cli.session import open_store, read_config

    settings = read_config(config)
    with open_store(settings) as store:
        found = store.find_alert(alert)
        body = store.rule_body(found.events[-1].rule_hash)
        targets = store.targets()
    print_alert(found, body, targets, now=time.time(), settings=settings, as_json=as_json)


def ack(
    alert: AlertArgument,
    why: WhyOption,
    who: WhoOption = None,
    config: ConfigOption = None,
) -> None:
    """Acknowledge an alert: it does not escalate, and you are told again only if it gets worse."""
    from watcher.cli.output import note

    found = _act(config, alert, who=who, why=why, seconds=None)
    note(f"acknowledged {found.uid[:12]} ({found.rule})")


def silence(
    alert: AlertArgument,
    why: WhyOption,
    for_: Annotated[str, typer.Option("--for", metavar="TIME", help="How long, as 30m or 8h.")],
    who: WhoOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell nobody of an alert for a while, whatever it does; it is still listed."""
    from watcher.cli.output import note

    found = _act(config, alert, who=who, why=why, seconds=duration(for_, option="--for"))
    note(f"silenced {found.uid[:12]} ({found.rule}) for {for_}")


def _act(
    config: Path | None, alert: str, *, who: str | None, why: str, seconds: int | None
) -> Kept:
    import time

    from watcher.cli.alerted import act_on, person
    from watcher.cli.session import open_store, read_config

    settings = read_config(config)
    name = person(who)
    with open_store(settings) as store:
        found = store.find_alert(alert)
        act_on(store, settings, found, who=name, why=why, now=time.time(), seconds=seconds)
    return found
