import json
import platform
import subprocess
import sys

import numpy as np
import pytest
import sklearn

import nearplane
from nearplane import _core, _versions


def test_version_info_names_what_runs_and_turns_into_json():
    info = _versions.version_info()
    assert info["nearplane"] == nearplane.__version__
    assert info["core"]["isa_level"] == _core.isa_level()
    assert info["core"]["isa_level"] in info["core"]["available_levels"]
    assert info["core"]["openmp_threads"] >= 1
    assert info["system"]["cores"] >= 1
    assert info["dependencies"] == {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    assert json.loads(json.dumps(info)) == info


def test_show_versions_prints_every_value(capsys):
    nearplane.show_versions()
    printed = capsys.readouterr().out
    info = _versions.version_info()
    for value in (
        f"nearplane: {nearplane.__version__}",
        f"cpu: {info['system']['cpu']}",
        f"level: {_core.isa_level()}",
        f"numpy: {np.__version__}",
        *(f"{name}: {value}" for name, value in _core.build_info().items()),
    ):
        assert value in printed


def test_format_says_which_optional_package_is_not_installed():
    info = _versions.version_info() | {"optional": {"matplotlib": None, "rich": "15.0"}}
    lines = [line.strip() for line in _versions.format_versions(info).splitlines()]
    assert "matplotlib: not installed" in lines
    assert "rich: 15.0" in lines


@pytest.mark.parametrize(
    ("cpuinfo", "name"),
    [
        ("processor\t: 0\nmodel\t\t: 2\nmodel name\t: AMD EPYC 7763\n", "AMD EPYC 7763"),
        ("processor\t: 0\nBogoMIPS\t: 48.0\nModel\t\t: Raspberry Pi 5\n", "Raspberry Pi 5"),
        ("processor\t: 0\nCPU part\t: 0xd0c\n", ""),
    ],
)
def test_linux_names_the_processor_where_it_can(tmp_path, cpuinfo, name):
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)
    assert _versions._cpu_name_linux(path) == name


def test_macos_asks_sysctl(monkeypatch):
    def run(command, **_):
        assert command[-1] == "machdep.cpu.brand_string"
        return subprocess.CompletedProcess(command, 0, stdout="Apple M4\n")

    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(subprocess, "run", run)
    assert _versions.cpu_name() == "Apple M4"


@pytest.mark.parametrize("problem", [FileNotFoundError(), subprocess.TimeoutExpired("sysctl", 5)])
def test_an_unnamed_processor_is_named_by_its_architecture(monkeypatch, problem):
    def run(*_, **__):
        raise problem

    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(subprocess, "run", run)
    assert _versions.cpu_name() == "riscv64"


def test_other_systems_answer_with_pythons_own_name(monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "FreeBSD")
    monkeypatch.setattr(platform, "processor", lambda: "amd64")
    assert _versions.cpu_name() == "amd64"


def test_optional_packages_are_not_imported():
    # scikit-learn's own imports are its own: from 1.9 on rich is among them, if it is there.
    code = (
        "import sys, sklearn.linear_model; theirs = set(sys.modules); "
        "import nearplane; nearplane.show_versions(); "
        "optional = {'matplotlib', 'typer', 'rich', 'jinja2', 'pooch'}; "
        "print(sorted(optional & (set(sys.modules) - theirs)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
