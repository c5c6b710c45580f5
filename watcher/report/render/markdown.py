"""A report as Markdown, for a forum or a repository: what HTML shows, the charts as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watcher.report.charts import alt_text
from watcher.report.document import (
    MARKS,
    WORDS,
    Ask,
    Block,
    Cite,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    Text,
)
from watcher.report.formats import Paper
from watcher.report.text import visible

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def to_markdown(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    stamp = report.stamp
    yield f"# {_safe(stamp.title)}"
    yield ""
    yield f"Committee report · {report.kind} · {_safe(stamp.subtitle or stamp.address)}  "
    yield f"{_safe(stamp.chain)} · {stamp.address} · block {stamp.block:,}, {stamp.moment}  "
    yield f"State {stamp.state_hash} · settings {stamp.settings_hash} · methods {stamp.method}"
    yield ""
    yield f"Marks: {'; '.join(f'{mark} {meaning}' for mark, meaning in MARKS.items())}."
    for text in (report.about, report.lead):
        yield ""
        yield _say(text)
    yield from _decision(report)
    for section in report.sections:
        yield from _section(section)
    yield from _appendix(report)


def _decision(report: Report) -> Iterator[str]:
    floor = f"{report.floor or '–'} of 4, {WORDS[report.floor]}"
    binding = f". Binding: {', '.join(report.binding)}" if report.binding else ""
    yield from ("", f"## Grade by parts: {floor}", "")
    yield f"The floor is the worst graded part{binding}. An ungraded part is no pass."
    yield from ("", "| part | grade | what was found | 1 · 2 · 3 end at |", "|---|---|---|---|")
    for part in report.parts:
        grade = str(part.grade or "–")
        yield _row((part.name,), (grade,), part.found, (part.ends,))
    yield from ("", "## Five figures", "", "| figure | what | says |", "|---|---|---|")
    for key in report.five:
        yield _row((key.shown,), (key.name,), (key.meaning,))
    for head, texts in (("Better", report.better), ("Worse", report.worse)):
        yield from ("", f"## {head}", "")
        yield from [f"- {_say(text)}" for text in texts] or ["- Nothing that the watcher measures."]
    yield from ("", "## Recommendation, for a person to fill in and sign", "")
    filled = report.decision.items()
    yield from [f"- {_safe(key)}: {_safe(value)}" for key, value in filled] or ["- (empty)"]


def _section(section: Section) -> Iterator[str]:
    head = f"## {section.number}. {section.title}" if section.number else f"### {section.title}"
    yield from ("", head)
    if section.side:
        yield from ("", f"*{_safe(section.side[0])}* {_safe(section.side[1])}")
    for block in section.blocks:
        yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield _say(block.text)
        case Table():
            yield f"**{_safe(block.caption)}**"
            yield ""
            yield _row(*[(column.name,) for column in block.columns])
            yield "|" + "|".join("---:" if c.number else "---" for c in block.columns) + "|"
            for row in block.rows:
                yield _row(*row)
        case Picture():
            yield f"**{_safe(block.caption)}** {_safe(alt_text(block.chart))}"
        case Ask():
            yield f"**{_safe(block.label)}** (p): {_safe(block.answer or block.hint)}"


def _appendix(report: Report) -> Iterator[str]:
    yield from ("", "## 13. Data appendix", "")
    yield from ("| id | what | value | mark | method |", "|---|---|---:|---|---|")
    six = Paper().six
    for fact in report.facts:
        series = "" if fact.from_state else "; series"
        why = f". Not measured: {fact.reason}" if fact.reason else ""
        yield _row(
            (fact.id,), (fact.what,), (six(fact.value),), (fact.mark,), (fact.how + series + why,)
        )
    yield from ("", "### Words", "")
    yield from [f"- {_safe(word)}: {_safe(meaning)}" for word, meaning in report.words]
    yield from ("", "Not advice. A price in a pool is not a value.")


def _row(*cells: Text) -> str:
    return "| " + " | ".join(_say(cell) for cell in cells) + " |"


def _say(text: Text) -> str:
    return "".join(
        f"{_safe(part.text)} ({part.mark})" if isinstance(part, Cite) else _escaped(part)
        for part in text
    )


def _safe(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible(text))


def _escaped(text: str) -> str:
    """Spaces at the ends of a part stay."""
    head = " " if text[:1].isspace() else ""
    tail = " " if text[-1:].isspace() and text.strip() else ""
    return head + _safe(text) + tail
