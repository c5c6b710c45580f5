"""A report as one JSON document, for programs and for comparing two of them."""

from __future__ import annotations

import json
from dataclasses import asdict

from watcher.report.document import (
    Ask,
    Block,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    Text,
    plain,
)


def to_json(report: Report) -> str:
    """Figures in full precision, unknown as null with its reason; texts without marks."""
    document = {
        "kind": report.kind,
        "stamp": asdict(report.stamp),
        "about": plain(report.about),
        "lead": plain(report.lead),
        "floor": report.floor or None,
        "binding": list(report.binding),
        "parts": [
            {
                "name": part.name,
                "grade": part.grade or None,
                "found": plain(part.found),
                "ends": part.ends,
                "source": part.source,
            }
            for part in report.parts
        ],
        "five": [
            {"name": key.name, "shown": key.shown.text, "fact": key.shown.id, "says": key.meaning}
            for key in report.five
        ],
        "better": [plain(text) for text in report.better],
        "worse": [plain(text) for text in report.worse],
        "decision": dict(report.decision),
        "sections": [_section(section) for section in report.sections],
        "figures": [
            {
                "id": fact.id,
                "value": fact.value if fact.known else None,
                "reason": fact.reason,
                "mark": fact.mark,
                "from": "state" if fact.from_state else "series",
                "what": fact.what,
                "how": fact.how,
            }
            for fact in report.facts
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _section(section: Section) -> dict[str, object]:
    return {
        "number": section.number,
        "title": section.title,
        "side": " ".join(section.side or ()),
        "blocks": [_block(block) for block in section.blocks],
    }


def _block(block: Block) -> dict[str, object]:
    match block:
        case Paragraph():
            return {"text": plain(block.text)}
        case Table():
            return {
                "caption": block.caption,
                "columns": [column.name for column in block.columns],
                "rows": [_cells(row) for row in block.rows],
            }
        case Picture():
            chart = block.chart
            return {
                "chart": chart.id,
                "caption": block.caption,
                "title": chart.title,
                "series": [series.label for series in chart.series],
                "rows": [[x, *values] for x, values in chart.rows],
                "empty": chart.empty if chart.is_empty else "",
            }
        case Ask():
            return {"ask": block.key, "label": block.label, "answer": block.answer}


def _cells(row: tuple[Text, ...]) -> list[str]:
    return [plain(cell) for cell in row]
