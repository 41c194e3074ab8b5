"""Whatever is misspelt in `kedro run`: one message, no traceback, nothing written."""

import pytest
from conftest import new_project

pytestmark = pytest.mark.runs

MISTAKES = {
    # which nodes
    "--nodes trainmodel": "received 'trainmodel'; did you mean train_model?",
    "--from-nodes evaluate": "in --from-nodes, received 'evaluate'; known: ",
    "--to-nodes trian_model": "did you mean train_model?",
    "--from-inputs x_trian": "received 'x_trian'; did you mean x_train?",
    "--to-outputs metric": "in --to-outputs, received 'metric'; did you mean metrics?",
    "--to-outputs mnist": "in --to-outputs, received 'mnist'; ",
    "--tags trainig": "in --tags, received 'trainig'; did you mean training?",
    "--namespaces evaluation": "received 'evaluation'; did you mean evaluate?",
    "--pipelines evalute": "in --pipelines, received 'evalute'; did you mean evaluate?",
    "--pipelines train,evalute": "did you mean evaluate?",
    "--pipeline evalute": "did you mean evaluate?",
    "--pipeline train --pipelines train": "received both",
    "--pipelines train --from-nodes predict_digits": "received 'predict_digits'",
    "--from-nodes export_model --to-nodes load_mnist": "selects none",
    "--from-nodes train_model": "start from build_model: --from-nodes build_model",
    "--nodes score_predictions": "which is kept in memory only",
    "--pipelines evaluate": "received none yet; `kedro run` makes",
    "--pipelines read": "received none yet",
    # how
    "--runner ParalelRunner": "received 'ParalelRunner'; did you mean ",
    "--runner ParallelRunner": "expected --runner SequentialRunner or ThreadRunner",
    "--runner kedro.runner.ParallelRunner": "a process for each node",
    "--runner no.such.Runner": "expected a runner in --runner",
    "--runner-params workers=2": "of SequentialRunner in --runner-params",
    "--runner-params =": "key cannot be an empty string",
    "--runner ThreadRunner --runner-params max_workers=many": "in --runner-params",
    "--async": "expected no --async",
    "--only-missing-output": "No such option",
    "--verbos": "No such option",
    "train": "unexpected extra argument",
    # with what
    "--env nosuch": "of conf/, received 'nosuch'; existing: base, local",
    "--conf-source nowhere": "'nowhere' does not exist",
    "--config nowhere.yml": "'nowhere.yml' does not exist",
    "--config empty.yml": "below `run:` in --config",
    "--config broken.yml": "below `run:` in --config",
    "--config misspelt.yml": "pipelins",
    "--load-versions model": "in --load-versions, received 'model' (Expected the",
    "--load-versions model:../../x": "received 'model:../../x' (Version string",
    "--load-versions model:": "received 'model:' (Version string '' is not allowed.",
    "--load-versions modl:2026-01-01T00.00.00.000Z": "did you mean model?",
    "--load-versions model:2026-01-01T00.00.00.000Z": "only datasets that the run does",
    "--pipelines evaluate --load-versions model:2026": "received no version 2026 of it",
    "--params recipe": "must contain a key and a value separated by `=`",
    "--params =3": "key cannot be an empty string",
    "--params recipe=plain,quick": "Item `quick` must contain a key and a value",
    "--params read.max_eror=0.1": "did you mean read.max_error?",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory, digits):
    project = new_project(tmp_path_factory.mktemp("mistakes"), digits)
    (project.folder / "empty.yml").write_text("")
    (project.folder / "broken.yml").write_text("run: [")
    (project.folder / "misspelt.yml").write_text("run: {pipelins: train}")
    return project


@pytest.mark.parametrize("arguments", MISTAKES)
def test_a_mistake_gets_one_message_and_a_nonzero_exit(project, arguments):
    done = project.kedro("run", *arguments.split(" "))
    message = " ".join(done.stderr.split())
    assert done.returncode not in (0, None)
    assert message.count("Error: ") == 1
    assert MISTAKES[arguments] in message
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(project.folder.glob("data/0[2-8]*/**/*"))
