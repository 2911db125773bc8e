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
    _timing,
    render_page,
    render_report,
    run_knn,
    run_linear,
    take_pictures,
)
from nearplane.report._linear_figures import rates_figure, sweep_figure

from .test_report_knn import make_images

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
NASTY = ['<script>alert("1")</script>', "a & b's", r"ничто ✓ $\frac$"]  # no formula either


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


@pytest.fixture(scope="module", autouse=True)
def no_repetitions():
    """Nobody reads the times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_timing, "LEAST_SECONDS", 0.0)
        yield


def make_report(images, **options):
    knn = run_knn(images, **options)
    linear = run_linear(images, n_epochs=3)
    return Report(
        pictures=take_pictures(images, knn, linear),
        knn=knn,
        linear=linear.results,
        environment=version_info(),
        command="nearplane report --dataset made",
    )


@pytest.fixture(scope="module")
def report():
    images = make_images((6, 5, 3), class_names=NASTY)
    images.y_test[:4] = (images.y_test[:4] + 1) % 3  # so that every method makes mistakes
    return make_report(images, n_neighbors=[1, 2, 5])


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
    assert len(targets) == len(set(targets)) == len(SECTIONS) - 1  # there are no features
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
    n_changed = 1 + 3 + 1  # an image, copies of it, its nearest neighbour
    n_pictures = len(report.knn.examples) + n_neighbors + n_templates + n_changed
    assert len(described) == n_pictures
    assert f"Hinge (SVM) weights of {NASTY[1]}" in described
    # The samples of a class are one image to a screen reader.
    groups = [a["aria-label"] for _, a in page.elements if a.get("role") == "img"]
    assert f"10 training images of class {NASTY[1]}" in groups
    plots = page.all("svg")
    # k; two sweeps and their rates; two losses, accuracy; four confusion matrices
    assert len(plots) == 1 + 3 + 3 + 4
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
        known = (NASTY[1], "Number of neighbours", "Epoch", "earning rate")
        assert any(words in text for words in known)
    for number in (1, 2):
        assert f"var(--series-{number})" in plots[0]
    for number in (1, 2, 3, 4):  # learning rates
        assert f"var(--series-{number})" in plots[3]


def test_sweeps_are_drawn_with_their_best_and_what_diverged(report):
    softmax = report.linear.sweeps[0]
    rates, alphas = len(softmax.learning_rates), len(softmax.alphas)
    accuracy = [[0.25] * rates for _ in range(alphas)]
    accuracy[2][3], accuracy[0][0] = 0.875, None
    accuracy[3][4] = 0.875  # as good, but not what the sweep has taken
    sweep = dataclasses.replace(
        softmax,
        accuracy=accuracy,
        best_alpha=softmax.alphas[3],
        best_learning_rate=softmax.learning_rates[4],
    )
    figure = sweep_figure(sweep)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert sorted(texts) == ["25.0"] * (rates * alphas - 3) + ["87.5"] * 2
    strong = [t for t in figure.axes[0].texts if t.get_fontweight() == "bold"]
    assert [text.get_position() for text in strong] == [(4, 3)]
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["best: 87.5 %", "diverged"]


def test_each_learning_rate_has_a_curve_and_a_verdict(report):
    sweep = report.linear.sweeps[0]
    (ax,) = rates_figure(sweep, 2.0).axes
    curves = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(curves)[-1] == "all weights zero: 2.00"
    for rate in sweep.rates:
        name = f"{rate.learning_rate:.2g}, {rate.verdict}"
        np.testing.assert_array_equal(curves[name], rate.history["data_loss"])


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
        "The 40 training images were dealt out into 5 folds, every class in proportion (seed 0)",
        "Where this takes less than 0.2 s",
        "Means over the 5 folds",
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
        # Table and samples, weights of both losses, and both axes of matrices.
        assert page.text.count(name) >= 2 + 2 + (8 if n_classes < 16 else 4)


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


@pytest.mark.parametrize("shape", [(30,), (6, 5, 2)])
def test_what_cannot_be_pictured_is_told_without_pictures(shape):
    report = make_report(make_images(shape))
    page = Page(render_report(report))
    assert page.all("img") == []
    titles = {a["href"] for a in page.all("a")}
    assert {"#distances", "#templates"}.isdisjoint(titles)
    assert {"#data", "#k", "#neighbours", "#sweep", "#comparison", "#classes"} <= titles
    thing = "sample" if len(shape) == 1 else "image"
    assert f"test {thing} {report.knn.examples[0].query}" in page.text
    # What is not of images is never called so, but for the weights of "all images".
    assert ("image" in page.text) == (thing == "image")


def test_an_image_that_cannot_be_shifted_is_not_changed():
    images = make_images((4, 4))
    flat = np.repeat(images.X_test.max(axis=(1, 2)), 16).reshape(-1, 4, 4)
    report = make_report(dataclasses.replace(images, X_test=flat))
    assert report.pictures.equal_distances is None
    assert "#distances" not in [a["href"] for a in Page(render_report(report)).all("a")]


def test_copies_of_an_image_are_equally_far_from_it(report):
    shown = report.pictures.equal_distances
    images = make_images((6, 5, 3), class_names=NASTY)
    for address, distance in zip(shown.copies.values(), shown.distances, strict=True):
        copy = np.asarray(Image.open(BytesIO(b64decode(address.partition(",")[2]))))
        away = np.linalg.norm(copy.astype(float) - images.X_test[shown.query])
        assert away == pytest.approx(distance) == pytest.approx(shown.distances[0], rel=0.02)


def test_without_a_mistake_there_is_no_section_of_mistakes(report):
    knn, linear = (
        dataclasses.replace(
            results,
            **{kind: [dataclasses.replace(r, confusion_pairs=[]) for r in getattr(results, kind)]},
        )
        for results, kind in ((report.knn, "metrics"), (report.linear, "losses"))
    )
    page = Page(render_report(dataclasses.replace(report, knn=knn, linear=linear)))
    assert "#mistakes" not in [a["href"] for a in page.all("a")]


def test_mistakes_are_counted_and_shown(report, page):
    text = " ".join(page.text.replace("\u00a0", " ").split())
    labels = [a["aria-label"] for _, a in page.elements if a.get("role") == "img"]
    for result in (report.knn.best, report.linear.best):
        assert result.confusion_pairs
        for pair in result.confusion_pairs:
            true, predicted = NASTY[pair.true], NASTY[pair.predicted]
            thing = "image" if pair.count == 1 else "images"
            assert (
                f"{true} taken for {predicted} {pair.count} {thing}, {100 * pair.share:.1f} %"
            ) in text
            shown = f"{len(pair.examples)} test images of class {true} labelled {predicted}"
            assert shown in labels


def test_sections_of_any_making_go_on_a_page():
    pair = {"true": "x < y", "predicted": "y", "count": 1, "share": 0.5, "pictures": {}}
    method = {"method": "hinge", "setting": "rate 1", "pairs": [pair]}
    sections = [
        Section(
            anchor="one",
            title="One & only",
            template="sections/mistakes.html.j2",
            content={"methods": [method], "is_pictured": False},
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
