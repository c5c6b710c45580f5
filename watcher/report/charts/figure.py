"""A chart with its title, how to read it, and the table that it is drawn from."""

from __future__ import annotations

import html
import json

from watcher.report import formats
from watcher.report.charts.spec import Chart, is_known
from watcher.report.charts.svg import PAGE, Canvas, svg
from watcher.report.charts.words import shown_x
from watcher.report.text import escaped, visible


def figure(chart: Chart, canvas: Canvas = PAGE) -> str:
    """HTML. The script of the pages draws it again from `data-plot` and the cells' `data-x` and
    `data-v`, and parses no displayed text."""
    return (
        f'<figure class="chart" id="{escaped(chart.id)}" data-plot="{_plot(chart)}">'
        f'<figcaption><h3 id="{escaped(chart.id)}-t">{escaped(chart.title)}</h3>'
        f"<p>{escaped(chart.say)}</p></figcaption>"
        f'<div class="plot">{svg(chart, canvas)}</div>{_table(chart)}</figure>'
    )


def _plot(chart: Chart) -> str:
    """The specification without its rows."""
    limits = [chart.y.low, chart.y.high]
    plain = {
        "kind": chart.kind,
        "x": {"linear": "lin"}.get(chart.x.scale, chart.x.scale),
        "fmt": chart.y.format,
        "tick": chart.y.tick_format,
        "xfmt": "" if chart.x.scale == "time" else chart.x.format,
        "xtick": "" if chart.x.scale == "time" else chart.x.tick_format,
        "ylog": chart.y.scale == "log",
        "ylim": None if limits == [None, None] else limits,
        "hlines": [
            [each.value, visible(each.label), each.below]
            for each in chart.references
            if each.along == "y"
        ],
        "vlines": [
            [each.value, visible(each.label)] for each in chart.references if each.along == "x"
        ],
        "gaps": [[each.start, each.end, visible(each.label)] for each in chart.missing],
        "band": chart.band,
    }
    return html.escape(json.dumps(plain, separators=(",", ":"), ensure_ascii=False))


def _table(chart: Chart) -> str:
    if not chart.rows:
        return ""
    heads = "".join(
        f'<th scope="col" class="n" data-cls="{name}">{escaped(series.label)}</th>'
        for series, name in zip(chart.series, chart.classes(), strict=True)
    )
    kind = "" if chart.x.scale == "time" else ' class="n"'
    rows = "".join(
        f"<tr>{_place(chart, x)}{''.join(_cell(chart, value) for value in values)}</tr>"
        for x, values in chart.rows
    )
    return (
        f'<details class="tab"><summary>Data: {len(chart.rows)} rows</summary>'
        f'<div class="scroll" tabindex="0" role="group" aria-label="Data of '
        f'{escaped(chart.title)}"><table><thead><tr><th scope="col"{kind}>'
        f"{escaped(chart.x.name)}</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        "</details>"
    )


def _place(chart: Chart, x: float) -> str:
    shown = escaped(shown_x(chart.x, x))
    if chart.x.scale == "time":
        when = formats.iso(int(x))
        return f'<td><time datetime="{when}" data-x="{x!r}">{shown}</time></td>'
    return f'<td class="n" data-x="{x!r}">{shown}</td>'


def _cell(chart: Chart, value: float | None) -> str:
    if value is None or not is_known(value):
        return f'<td class="n" data-v="">{formats.UNKNOWN}</td>'
    shown = escaped(formats.FORMATS[chart.y.format](value))
    return f'<td class="n" data-v="{value!r}">{shown}</td>'
