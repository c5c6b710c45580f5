"""Pages from templates; whatever is put into one is text, never markup."""

from __future__ import annotations

from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from watcher.api.assets import Assets
from watcher.api.filters import FILTERS


class Html:
    """Renders the templates of `watcher/api/templates`.

    In a template `static("app.css")` is the address of a static file, and `has_static` whether it
    is there: what is fetched when a distribution is built may be missing in a checkout.
    """

    def __init__(self, assets: Assets) -> None:
        self.environment = Environment(
            loader=PackageLoader("watcher.api"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.globals["static"] = assets.url
        self.environment.globals["has_static"] = assets.has
        self.environment.filters.update(FILTERS)

    def render(self, template: str, **values: Any) -> str:
        return self.environment.get_template(template).render(values)

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(self.render(template, **values), status_code=status)
