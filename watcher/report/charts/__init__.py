"""Charts: a frozen specification whose table is the data, drawn as SVG and repeated as a table.

`svg` draws it, `figure` adds its title, its reading aid and the table, `alt_text` says it. The same
specification gives the same bytes. Colours and dashes are presentation attributes, which any style
sheet overrides by the classes; there are no style attributes and no scripts.
"""

from watcher.report.charts.cells import cell_bar, spark
from watcher.report.charts.figure import figure
from watcher.report.charts.spec import Axis, Chart, Missing, Reference, Row, Series
from watcher.report.charts.svg import PAGE, Canvas, svg
from watcher.report.charts.words import alt_text

__all__ = [
    "PAGE",
    "Axis",
    "Canvas",
    "Chart",
    "Missing",
    "Reference",
    "Row",
    "Series",
    "alt_text",
    "cell_bar",
    "figure",
    "spark",
    "svg",
]
