import pytest
from conftest import run_python

pytestmark = pytest.mark.runs


def test_no_module_but_the_dataset_of_models_imports_tensorflow():
    done = run_python(
        "import importlib, pkgutil, sys\n"
        "import digit_recognition\n"
        "names = [module.name for module in pkgutil.walk_packages("
        "digit_recognition.__path__, 'digit_recognition.')]\n"
        "names.remove('digit_recognition.datasets.keras_dataset')\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(); print(len(names), {'tensorflow', 'keras'} & set(sys.modules))"
    )
    count, _, found = done.stdout.splitlines()[-1].partition(" ")
    assert int(count) > 15, done.stderr
    assert found == "set()"


def test_a_requested_pipeline_is_imported_without_the_others():
    done = run_python(
        "import sys\n"
        "from kedro.framework.project import configure_project, pipelines\n"
        "configure_project('digit_recognition')\n"
        "pipelines.set_requested(['evaluate'])\n"
        "start = 'digit_recognition.pipelines.'\n"
        "print(list(pipelines), sorted({name.split('.')[2] for name in sys.modules"
        " if name.startswith(start)}))"
    )
    assert done.stdout.splitlines()[-1] == "['evaluate'] ['evaluate']", done.stderr


def test_kedro_starts_without_tensorflow():
    done = run_python(
        "import sys\n"
        "from kedro.framework.cli.cli import main\n"
        "codes = []\n"
        "for command in (['registry', 'list'], ['run', '-h'], ['info']):\n"
        "    sys.argv = ['kedro', *command]\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as end:\n"
        "        codes.append(end.code)\n"
        "print(codes, {'tensorflow', 'keras'} & set(sys.modules))"
    )
    assert "- evaluate" in done.stdout.splitlines(), done.stderr
    assert done.stdout.splitlines()[-1] == "[0, 0, 0] set()", done.stderr


def test_reading_without_a_scheduler_imports_nothing_of_dask():
    done = run_python(
        "import sys\n"
        "import digit_recognition.pipelines.read.pipeline\n"
        "import digit_recognition.datasets.pictures_dataset\n"
        "print({'dask', 'distributed', 's3fs'} & set(sys.modules))"
    )
    assert done.stdout.splitlines()[-1] == "set()", done.stderr
