import json
import re

import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.viz.static_site import make_relative

pytestmark = pytest.mark.runs


@pytest.fixture
def api(tmp_path):
    folder = tmp_path / "site" / "api"
    (folder / "nodes").mkdir(parents=True)
    return folder


def written(api, content):
    (api / "nodes" / "1").write_text(json.dumps(content))
    make_relative(api, api.parents[1] / "project")
    return json.loads((api / "nodes" / "1").read_text())


def test_paths_in_the_project_become_relative(api):
    path = f"{api.parents[1]}/project/data/08_reporting/metrics.json"
    found = written(api, {"filepath": path, "preview": [{"rows": 1}], "é": None})
    assert found == {
        "filepath": "data/08_reporting/metrics.json",
        "preview": [{"rows": 1}],
        "é": None,
    }


def test_other_absolute_paths_are_cut_to_the_file_name(api):
    content = {"filepath": "/scans/a.png", "parameters": {"pictures": "/scans/mine"}}
    found = written(api, {"inner": [content]})
    shown = {"filepath": "a.png", "parameters": {"pictures": "mine"}}
    assert found == {"inner": [shown]}


def test_paths_in_the_preview_of_a_json_file_are_shortened(api):
    summary = {"folder": f"{api.parents[1]}/project/scans", "pages": {"é": [0, 1]}}
    found = written(api, {"preview": json.dumps(summary)})
    assert json.loads(found["preview"]) == summary | {"folder": "scans"}


@pytest.mark.parametrize("path", ["main/src/nodes.py", "", None, 7, "{a}/b"])
def test_other_values_stay_unchanged(api, path):
    assert written(api, {"filepath": path}) == {"filepath": path}


def test_a_path_of_the_project_in_a_longer_text_is_refused(api):
    text = f"read from {api.parents[1]}/project/data"
    with pytest.raises(ProjectError, match=r"no path of this machine.*nodes/1"):
        written(api, {"preview": text})


def test_without_results_no_site_is_built(project):
    done = project.python("-m", "digit_recognition.viz.static_site")
    assert done.returncode == 1
    assert re.search(r"^Error: .*received no metrics yet.*kedro run", done.stderr)
    assert not (project.folder / "site").exists()
