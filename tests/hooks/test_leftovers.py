from digit_recognition.datasets import AtomicCatalog
from digit_recognition.datasets.atomic import temporary_folder
from digit_recognition.datasets.manifests import Manifests
from digit_recognition.hooks import LeftoverHooks


def clean(catalog, manifests=None):
    hooks = LeftoverHooks()
    hooks.after_catalog_created(catalog)
    of_run = AtomicCatalog()
    of_run.manifests = manifests
    hooks.before_pipeline_run(of_run)


def test_leftovers_of_datasets_that_the_run_does_not_use_are_removed(tmp_path):
    models = tmp_path / "models"
    places = [models, models / "checkpoints", models / "journal"]
    for place in places:
        (place / ".saving-abandoned" / "half").mkdir(parents=True)
        (place / "kept").mkdir()
    clean(
        {
            "model": {"filepath": str(places[0] / "model.keras"), "versioned": True},
            "checkpoints": {
                "type": "digit_recognition.datasets.CheckpointsDataset",
                "filepath": str(places[1]),
            },
            "journal": {
                "type": "digit_recognition.datasets.JournalDataset",
                "filepath": str(places[2]),
            },
        }
    )
    left = {path.name for path in places[0].rglob("*")}
    assert left == {"checkpoints", "journal", "kept"}


def test_what_is_being_saved_stays(tmp_path):
    with temporary_folder(tmp_path) as folder:
        clean({"model": {"filepath": str(tmp_path / "m"), "versioned": True}})
        assert folder.exists()


def test_inputs_remote_and_missing_folders_are_left_alone(tmp_path):
    (tmp_path / ".saving-mine").mkdir()
    clean(
        {
            "pictures": {"filepath": str(tmp_path / "pictures")},
            "remote": {"filepath": f"memory://{tmp_path}/x", "versioned": True},
            "missing": {"filepath": str(tmp_path / "no" / "x"), "versioned": True},
            "memory": {"type": "MemoryDataset"},
        }
    )
    assert [path.name for path in tmp_path.iterdir()] == [".saving-mine"]


def test_leftovers_beside_the_manifests_are_removed(tmp_path):
    manifests = Manifests(tmp_path)
    (manifests.folder / ".saving-abandoned").mkdir(parents=True)
    clean({}, manifests)
    assert list(manifests.folder.iterdir()) == []
