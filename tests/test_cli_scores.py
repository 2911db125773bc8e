import numpy as np
import pytest
from rich.console import Console

from nearplane._cli._scores import best_text, judged_text, score_records, score_table
from nearplane._cv_results import make_cv_results

from .commands import rows


def settings_of(params, scores, **options):
    return score_records(make_cv_results(params, scores, **options))


def printed(settings, **options):
    console = Console(width=80, **options)
    with console.capture() as captured:
        console.print(score_table(settings))
    return captured.get()


def test_only_what_varies_is_a_column_and_the_best_is_bold():
    params = [{"metric": "l1", "n_neighbors": k} for k in (1, 3, 20)]
    settings = settings_of(params, [[0.5, 0.6], [0.7, 0.9], [0.2, 0.2]])
    expected = [
        ["1", "55.00 %", "5.00 %", "2"],
        ["3", "80.00 %", "10.00 %", "1"],
        ["20", "20.00 %", "0.00 %", "3"],
    ]
    assert rows(printed(settings)) == expected
    bold = [
        line
        for line in printed(settings, force_terminal=True, color_system="standard").splitlines()
        if "\x1b[1m" in line and "%" in line
    ]
    assert len(bold) == 1
    assert "80.00" in bold[0]
    assert judged_text(settings) == "accuracy in 2 folds"
    assert best_text(settings) == "k 3"


def test_one_setting_is_shown_with_all_it_has():
    [cells] = rows(printed(settings_of([{"alpha": 1e-4, "loss": "hinge"}], [[0.25, 0.75]])))
    assert cells == ["0.0001", "hinge", "50.00 %", "25.00 %", "1"]


def test_a_setting_that_diverged_says_so():
    cells = rows(printed(settings_of([{"a": 1.0}, {"a": 2.0}], [[np.nan, 0.5], [0.5, 0.5]])))
    assert [line[1:3] for line in cells] == [["diverged", ""], ["50.00 %", "0.00 %"]]


def test_images_judged_alone_have_no_deviation():
    settings = settings_of([{"k": 1}, {"k": 2}], [[1, 0, 0, 0], [1, 1, 0, 0]], split_columns=False)
    assert rows(printed(settings)) == [["1", "25.00 %", "2"], ["2", "50.00 %", "1"]]
    assert judged_text(settings) == "accuracy, each judged by all others"


@pytest.mark.parametrize(("n_settings", "n_shown"), [(40, 40), (41, 40), (300, 40)])
def test_of_many_settings_the_best_are_shown(n_settings, n_shown):
    scores = np.random.default_rng(0).permutation(n_settings) / n_settings
    params = [{"k": number} for number in range(n_settings)]
    settings = settings_of(params, scores[:, None])
    shown = [int(line[0]) for line in rows(printed(settings))]
    if n_settings == n_shown:
        assert shown == list(range(n_settings))
    else:
        assert shown == np.argsort(-scores)[:n_shown].tolist()
        assert judged_text(settings).endswith(f"the 40 best of {n_settings} settings")


def test_more_than_nine_folds_keep_their_order():
    [setting] = settings_of([{"k": 1}], [np.arange(12) / 12])
    assert setting["scores"] == pytest.approx(np.arange(12) / 12)
