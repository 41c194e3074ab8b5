import subprocess

from kedro.pipeline import Node, Pipeline

from digit_recognition.hooks import LineageHooks
from digit_recognition.hooks.lineage import code_revision


def join(*values):
    return list(values)


def test_the_versions_that_are_loaded_are_recorded(catalog, keep):
    keep("model", "1")
    hooks = LineageHooks()
    hooks.after_catalog_created(catalog)
    with_lineage = Pipeline([Node(join, ["model", "lineage"], "metrics", name="judge")])
    hooks.before_pipeline_run(with_lineage, catalog)
    hooks.before_dataset_loaded("model")
    keep("model", "2")
    hooks.before_dataset_loaded("lineage")
    lineage = catalog.load("lineage")
    assert lineage["versions"] == {"model": catalog.load("model")} == {"model": "1"}
    assert lineage["kedro_version"].startswith("1.")


def test_the_revision_is_the_commit_with_a_mark_for_changed_files(tmp_path):
    file = tmp_path / "file"
    file.write_text("one")
    assert code_revision(file) == "unknown"

    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        return subprocess.run(
            ["git", *identity, *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    git("init")
    assert code_revision(file) == "unknown"
    git("add", "file")
    git("commit", "-m", "first")
    head = git("rev-parse", "HEAD")
    assert code_revision(file) == head
    (tmp_path / "new").write_text("not yet in it")
    assert code_revision(file) == f"{head}-dirty"
    (tmp_path / "new").unlink()
    file.write_text("two")
    assert code_revision(file) == f"{head}-dirty"
