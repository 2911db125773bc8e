import json
import warnings

import numpy as np

from nearplane._cli._show import make_table, plain_warnings, print_json, print_lines, print_stage

from .commands import rows


def test_json_has_plain_values_and_null_for_what_is_no_number(capsys):
    print_json(
        {
            "text": np.str_("a"),
            1: np.float32(0.5),
            "nan": [float("nan"), np.inf, -np.inf],
            "array": np.arange(4).reshape(2, 2),
            "flag": np.bool_(True),
            "none": None,
            "other": {"nested": (1, 2)},
        }
    )
    assert json.loads(capsys.readouterr().out) == {
        "text": "a",
        "1": 0.5,
        "nan": [None, None, None],
        "array": [[0, 1], [2, 3]],
        "flag": True,
        "none": None,
        "other": {"nested": [1, 2]},
    }


def test_warnings_are_one_line_each_and_no_errors(capsys):
    with plain_warnings():
        warnings.warn("three files are missing", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "nearplane: three files are missing\n"


def test_names_are_printed_letter_by_letter(capsys):
    strange = "[red]a[/red] :cat: http://b"
    print_lines(f"{strange} {'long ' * 30}")
    assert capsys.readouterr().out == f"{strange} {'long ' * 30}\n"
    table = make_table("name")
    table.add_row(strange)
    print_lines(table)
    assert rows(capsys.readouterr().out) == [[strange]]


def test_a_stage_is_shown_on_the_error_stream_alone(capsys):
    print_stage("loading [cats]", shown=True)
    print_stage("loading dogs", shown=False)
    assert tuple(capsys.readouterr()) == ("", "loading [cats]\n")
