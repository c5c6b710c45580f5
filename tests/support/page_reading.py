"""What a page says, and what is on it that must not be."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

OURS = frozenset(
    {
        *("html", "head", "meta", "title", "link", "script", "body", "a", "svg", "symbol", "path"),
        *("use", "header", "div", "nav", "ul", "li", "button", "main", "footer", "h1", "h2", "h3"),
        *("p", "span", "section", "ol", "time", "table", "thead", "tbody", "tr", "th", "td"),
        *("small", "data", "code", "pre", "form", "label", "input", "output", "dl", "dt", "dd"),
        *("figure", "figcaption", "details", "summary", "rect", "line", "text", "circle"),
        *("select", "option", "datalist", "b", "strong", "br"),
    }
)
"""Every element that a template or a chart writes."""
VOID = frozenset(["meta", "link", "input", "br"])


@dataclass(slots=True)
class Read:
    """`text` is what a person reads, whitespace as one space."""

    text: str
    tags: set[str]
    problems: list[str]
    links: list[str]


@dataclass
class _Reader(HTMLParser):
    words: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in OURS:
            self.problems.append(f"<{tag}> is none of our elements")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.problems.append(f"<{tag} {name}> is inline")
            if name in ("href", "src", "action") and not (value or "").startswith(("/", "#", "?")):
                self.problems.append(f"<{tag} {name}={value!r}> leads elsewhere")
            if tag == "a" and name == "href":
                self.links.append(value or "")
        if tag == "script" and not dict(attrs).get("src"):
            self.problems.append("a script is inline")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.problems.append(f"</{tag}> closes what is not open")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: str) -> Read:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.problems += [f"<{tag}> is not closed" for tag in reader.stack]
    text = " ".join(" ".join(reader.words).split())
    return Read(text, reader.tags, reader.problems, reader.links)
