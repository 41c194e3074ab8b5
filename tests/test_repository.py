"""The files around the package agree with it."""

import re
import tomllib
from fnmatch import fnmatch

import yaml
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_workflow_tests_every_supported_python():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    tested = workflow["jobs"]["linux"]["strategy"]["matrix"]["python"]
    assert PROJECT["requires-python"].replace(" ", "") == ">=3.11,<3.14"
    assert tested == ["3.11", "3.12", "3.13"]
    steps = [step.get("run", "") for step in workflow["jobs"]["linux"]["steps"]]
    assert "bash .ci/run" in steps
    assert (ROOT / ".ci" / "run").exists()


def test_what_the_image_copies_exists_and_is_not_ignored():
    kept = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert "requirements.txt" in names
    for name in names:
        assert (ROOT / name).exists()
        assert any(fnmatch(name, pattern) for pattern in kept)
    assert "\nUSER app\n" in dockerfile


def test_a_package_has_the_same_pin_in_all_requirements():
    pins = {}
    for file in ROOT.glob("requirements*.txt"):
        for line in file.read_text().splitlines():
            name, _, version = line.partition(";")[0].strip().partition("==")
            if version:
                pins.setdefault(name, set()).add(version)
    assert len(pins) > 200
    assert {name for name, versions in pins.items() if len(versions) > 1} == set()


def pinned(extra):
    """Return the versions that a file of requirements pins."""
    text = (ROOT / f"requirements{extra}.txt").read_text()
    return dict(re.findall(r"^([\w-]+)==([\w.]+)", text, re.MULTILINE))


def test_every_extra_has_pinned_packages_that_make_installs():
    makefile = (ROOT / "Makefile").read_text()
    for extra, packages in PROJECT["optional-dependencies"].items():
        assert f"--requirement requirements-{extra}.txt\n" in makefile
        names = {re.split(r"[\[>=~<]", package)[0] for package in packages}
        assert names - {"digit_recognition"} <= pinned(f"-{extra}").keys()


def test_local_hooks_run_tools_of_the_test_extra():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (local,) = [repo for repo in config["repos"] if repo["repo"] == "local"]
    extra = " ".join(PROJECT["optional-dependencies"]["test"])
    for hook in local["hooks"]:
        tool = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert re.search(rf"\b{tool}\b", extra)
