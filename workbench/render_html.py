"""A report as one HTML page that needs nothing else: no network, no files beside it."""

import base64
import hashlib
import re
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from workbench import chart_parts
from workbench.blocks import TICKS, Chart, Report
from workbench.figures import figure_of
from workbench.plaintext import visible

LONG = 320
"""Characters from which an answer is folded."""

SPACES = re.compile(r"(?<=\d) (?=%|s\b)|(?<=\bn) (?==)|(?<=\bn =) (?=\d)")
"""Spaces at which no line may end."""
NAMES = re.compile(r"\b\w{1,12}(?:-\w{1,12}){1,2}\b")
"""Words with hyphens, such as candidates' names, in which no line may end."""


def page(report: Report) -> str:
    """The whole page; what candidates and users wrote is escaped, and nothing but the page's own scripts may run."""
    script = resources.files("workbench").joinpath("report.js").read_text(encoding="utf-8")
    plotly = get_plotlyjs()
    figures = any(isinstance(block, Chart) for block in report.blocks)
    scripts = [plotly, script] if figures else [script]
    template = _environment().get_template("report.html")
    return template.render(
        report=report,
        css=Markup(resources.files("workbench").joinpath("report.css").read_text(encoding="utf-8")),
        scripts=[Markup(text) for text in scripts],
        hashes=[_hash(text) for text in scripts],
        figure=_figure,
        marks={approach: (chart_parts.MARKS[approach], colour) for approach, colour in chart_parts.COLOURS.items()},
        ticks=TICKS,
        long=LONG,
    )


def prose(text: str) -> Markup:
    """A sentence in HTML: escaped, and not broken where that would tear a figure or a name apart."""
    safe = str(escape(SPACES.sub("\u00a0", visible(text))))
    return Markup(NAMES.sub(r'<span class="whole">\g<0></span>', safe))


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("workbench", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.filters["prose"] = prose
    environment.tests["chart"] = lambda block: isinstance(block, Chart)
    return environment


def _figure(block: Chart) -> Markup:
    """The block's figure as JSON that can stand in a page: no character in it can end the element."""
    return Markup(str(figure_of(block).to_json()).replace("<", "\\u003c"))


def _hash(script: str) -> str:
    """What a Content-Security-Policy knows an inline script by."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
