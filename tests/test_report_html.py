import dataclasses
import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from nearplane._versions import version_info
from nearplane.report import (
    SECTIONS,
    Report,
    Section,
    render_page,
    render_report,
    run_knn,
    run_linear,
    take_pictures,
)

from .test_report_knn import make_images

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
NASTY = ['<script>alert("1")</script>', "a & b's", "ничто ✓"]


class Page(HTMLParser):
    """A parser that insists: every tag closed in order, no id twice."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute is given twice: {tag} {attrs}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def attributes(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def make_report(images, **options):
    knn = run_knn(images, **options)
    linear, models = run_linear(images, n_epochs=3)
    return Report(
        pictures=take_pictures(images, knn, models),
        knn=knn,
        linear=linear,
        environment=version_info(),
        command="nearplane report --dataset made",
    )


@pytest.fixture(scope="module")
def report():
    return make_report(make_images((6, 5, 3), class_names=NASTY), n_neighbors=[1, 2, 5])


@pytest.fixture(scope="module")
def html(report):
    return render_report(report)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_is_well_formed_and_ids_are_unique(html, page):
    assert html.startswith("<!doctype html>")
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert page.all("html") == [{"lang": "en-GB"}]
    assert len(page.all("title")) == len(page.all("h1")) == len(page.all("main")) == 1


def test_nothing_outside_the_file_is_asked_for(html, page):
    for name in ("src", "href", "xlink:href", "srcset", "action"):
        for address in page.attributes(name):
            assert address.startswith(("data:image/png;base64,", "#"))
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("iframe")
    styles = "".join(re.findall(r"<style>(.*?)</style>", html, re.S)) + "".join(
        page.attributes("style")
    )
    assert "@import" not in styles
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", styles))
    # What is left of http are the names of namespaces.
    assert set(re.findall(r"https?://[^\"' ]*", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_links_and_labels_lead_to_something_on_the_page(page):
    ids = set(page.attributes("id"))
    targets = [a["href"] for a in page.all("a")]
    assert len(targets) == len(SECTIONS)
    references = targets + page.attributes("xlink:href") + page.attributes("clip-path")
    pointers = [re.sub(r"^(url\()?#|\)$", "", target) for target in references if "#" in target]
    assert ids.issuperset(pointers)
    assert ids.issuperset(page.attributes("aria-labelledby"))


def test_pictures_and_plots_are_described_in_words(report, page):
    images = page.all("img")
    assert all("alt" in attributes for attributes in images)
    described = [attributes["alt"] for attributes in images if attributes["alt"]]
    n_neighbors = sum(
        len(found.indices)
        for example in report.knn.examples
        for found in example.neighbors.values()
    )
    n_templates = 2 * len(NASTY)
    assert len(described) == len(report.knn.examples) + n_neighbors + n_templates
    assert f"Hinge (SVM) weights of {NASTY[1]}" in described
    # The samples of a class are one image to a screen reader.
    groups = [a["aria-label"] for _, a in page.elements if a.get("role") == "img"]
    assert f"10 training images of class {NASTY[1]}" in groups
    plots = page.all("svg")
    assert len(plots) == 1 + 4 + 4  # k; two losses, accuracy, rates; four confusion matrices
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in plots)


def test_right_and_wrong_are_told_apart_without_colour(report, page):
    example = report.knn.examples[0]
    alts = [attributes["alt"] for attributes in page.all("img")]
    for metric, found in example.neighbors.items():
        name = {"manhattan": "L1", "euclidean": "L2"}[metric]
        k = next(r.best_n_neighbors for r in report.knn.metrics if r.metric == metric)
        for position, label in enumerate(found.labels):
            verdict = "right" if label == example.label else "wrong"
            vote = "" if position < k else ", no vote"
            expected = f"Neighbour {position + 1} under {name}: {NASTY[label]}, {verdict}{vote}"
            assert expected in alts
    assert "✓" in page.text
    assert "✗" in page.text


def test_class_names_are_text_never_markup(html, page):
    assert "<script" not in html
    for name in NASTY:
        assert name in page.text


def test_plots_are_drawn_in_the_pages_own_colours(html):
    plots = re.findall(r"<svg.*?</svg>", html, re.S)
    for plot in plots:
        root = ET.fromstring(plot)
        assert "width" not in root.attrib  # as wide as the page's column
        assert "var(--ink)" in plot
        assert not re.search(r"#0[1-7]0[1-7]0[1-7]", plot)
        text = "".join(root.itertext())
        assert NASTY[1] in text or "Number of neighbours" in text or "Epoch" in text
    for number in (1, 2):
        assert f"var(--series-{number})" in plots[0]
    for number in (1, 2, 3, 4):  # one for each learning rate
        assert f"var(--series-{number})" in plots[4]


def test_light_dark_and_print_have_styles_of_their_own(html):
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media print" in html


def test_the_findings_and_how_to_get_them_again_are_on_the_page(report, page):
    text = page.text.replace("\u00a0", " ")
    for result in report.methods.values():
        assert f"{100 * result.test_accuracy:.1f} %" in text
        assert f"{100 * result.best_validation_accuracy:.1f} %" in text
    for expected in (
        "Nearest neighbours and linear classifiers on made",
        "Made for a test.",
        "nearplane report --dataset made",
        report.environment["core"]["isa_level"],
        report.environment["system"]["cpu"],
        "the one with the smallest label wins",
        "8 of the 40 training images were set aside",
        "Where this takes less than 0.2 s",
        "Training on 32 images, validation on the 8 others",
    ):
        assert expected in text
    assert report.environment["system"]["executable"] not in text


def test_the_same_results_give_the_same_page(report, html):
    assert render_report(report) == html


@pytest.mark.parametrize(
    ("n_classes", "shape"), [(1, (6, 5)), (2, (6, 5, 1)), (16, (4, 4)), (100, (3, 3, 3))]
)
def test_one_class_or_a_hundred(n_classes, shape):
    names = [f"class {number}" for number in range(n_classes)]
    images = make_images(shape, n_train=12 * n_classes, n_test=max(2, n_classes), class_names=names)
    page = Page(render_report(make_report(images)))
    for name in names:
        # Table and samples, weights of both losses, and both axes of all matrices.
        assert page.text.count(name) >= 2 + 2 + 8


def test_a_class_without_images_is_shown_as_such():
    images = make_images()
    images = dataclasses.replace(images, class_names=[*images.class_names, "unicorn"])
    page = Page(render_report(make_report(images)))
    assert re.search(r"unicorn\s+0(\s+none){4}", page.text)


def test_floats_beyond_a_byte_are_pictured_too():
    images = make_images()
    stretched = [1000.0 * part - 3e4 for part in (images.X_train, images.X_test)]
    images = dataclasses.replace(images, X_train=stretched[0], X_test=stretched[1])
    report = make_report(images)
    assert len({*report.pictures.test.values()}) == len(report.knn.examples)


def test_images_of_two_channels_cannot_be_pictured():
    images = make_images((6, 5, 2))
    with pytest.raises(ValueError, match=r"X_train has shape \(40, 6, 5, 2\)"):
        take_pictures(images, run_knn(images), {})


def test_sections_of_any_making_go_on_a_page():
    sections = [
        Section(
            anchor="one",
            title="One & only",
            template="sections/method.html.j2",
            content={
                "validation": {"n_validation": 1, "n_fit": 1, "random_state": 0},
                "n_neighbors": [1],
                "least_seconds": 0.2,
                "linear": {"parameters": {"alpha": 0.5}},
                "data": {"n_train": 2, "n_test": 1},
                "environment": version_info(),
                "command": "x < y",
            },
        )
    ]
    html = render_page(title="T", headline="H", footer="F", sections=sections)
    page = Page(html)
    assert [a["href"] for a in page.all("a")] == ["#one"]
    assert "One & only" in page.text
    assert "x < y" in page.text


def test_pictures_are_the_images_pixel_for_pixel(report):
    images = make_images((6, 5, 3), class_names=NASTY)
    for row, address in report.pictures.test.items():
        picture = Image.open(BytesIO(b64decode(address.partition(",")[2])))
        np.testing.assert_array_equal(np.asarray(picture), images.X_test[row])


def test_drawing_leaves_matplotlibs_settings_alone(report):
    before = json.dumps({key: str(value) for key, value in mpl.rcParams.items()})
    render_report(report)
    assert json.dumps({key: str(value) for key, value in mpl.rcParams.items()}) == before
    assert plt.get_fignums() == []
