"""The page: one HTML file that needs nothing else."""

from collections.abc import Iterable

from nearplane.report import _text
from nearplane.report._features_findings import features_headline
from nearplane.report._findings import headline
from nearplane.report._page import Report, Section
from nearplane.report._sections import SECTIONS


def render_report(report: Report) -> str:
    """Write a report as one self-contained HTML page.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        A whole HTML document: styles, plots and pictures are inside, nothing is fetched.

    Raises
    ------
    ImportError
        If matplotlib or jinja2 is not installed.
    """
    lines = [headline(report.knn, report.linear)]
    if report.features is not None:
        lines.append(features_headline(report.features))
    return render_page(
        title=f"Nearest neighbours and linear classifiers on {report.knn.data.name}",
        headline=" ".join(lines),
        footer=f"Made by nearplane {report.environment['nearplane']}.",
        things=report.knn.data.things,
        sections=[section for build in SECTIONS if (section := build(report)) is not None],
    )


def render_page(
    *,
    title: str,
    headline: str,
    footer: str,
    sections: Iterable[Section],
    things: str = "images",
) -> str:
    """Put sections on a page.

    Parameters
    ----------
    title : str
    headline : str
        The main finding, in one line.
    footer : str
    sections : iterable of Section
    things : str, default="images"
        What the rows of the data are called.

    Returns
    -------
    str
        A whole HTML document.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("nearplane.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=_text.count,
        distance=_text.distance,
        learning_rate=_text.learning_rate,
        long_name=_text.long_name,
        size=_text.size,
        percent=_text.percent,
        seconds=_text.seconds,
        short_name=_text.short_name,
        spread=_text.spread,
    )
    return environment.get_template("report.html.j2").render(
        title=title,
        headline=headline,
        footer=footer,
        things=things,
        thing=things.removesuffix("s"),
        sections=list(sections),
    )
