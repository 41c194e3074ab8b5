import json

import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.viz.static_site import build_site, make_relative


@pytest.fixture
def api(tmp_path):
    folder = tmp_path / "site" / "api"
    (folder / "nodes").mkdir(parents=True)
    return folder


def written(api, content):
    (api / "nodes" / "1").write_text(json.dumps(content))
    make_relative(api, api.parents[1] / "project")
    return json.loads((api / "nodes" / "1").read_text())


def test_files_of_the_project_are_named_as_seen_from_it(api):
    path = f"{api.parents[1]}/project/data/08_reporting/metrics.json"
    found = written(api, {"filepath": path, "preview": [{"rows": 1}], "é": None})
    assert found == {
        "filepath": "data/08_reporting/metrics.json",
        "preview": [{"rows": 1}],
        "é": None,
    }


def test_of_files_elsewhere_the_name_alone_is_kept(api):
    content = {"filepath": "/scans/a.png", "parameters": {"pictures": "/scans/mine"}}
    found = written(api, {"inner": [content]})
    shown = {"filepath": "a.png", "parameters": {"pictures": "mine"}}
    assert found == {"inner": [shown]}


@pytest.mark.parametrize("path", ["main/src/nodes.py", "", None, 7])
def test_what_is_no_absolute_path_stays(api, path):
    assert written(api, {"filepath": path}) == {"filepath": path}


def test_a_path_of_the_project_in_another_place_is_refused(api):
    text = f"read from {api.parents[1]}/project/data"
    with pytest.raises(ProjectError, match=r"no path of this machine.*nodes/1"):
        written(api, {"preview": text})


def test_without_results_no_site_is_left(project):
    with pytest.raises(ProjectError, match=r"received no metrics yet.*kedro run"):
        build_site(project.folder)
    assert not (project.folder / "site").exists()
