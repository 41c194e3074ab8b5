import pytest
from conftest import run_python


def test_no_module_of_the_package_imports_tensorflow():
    done = run_python(
        "import importlib, pkgutil, sys\n"
        "import digit_recognition\n"
        "names = [module.name for module in pkgutil.walk_packages("
        "digit_recognition.__path__, 'digit_recognition.')]\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(); print(len(names), {'tensorflow', 'keras'} & set(sys.modules))"
    )
    count, _, found = done.stdout.splitlines()[-1].partition(" ")
    assert int(count) > 15, done.stderr
    assert found == "set()"


def test_a_pipeline_that_is_named_is_imported_without_the_others():
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


@pytest.mark.parametrize("command", [["registry", "list"], ["run", "-h"], ["info"]])
def test_kedro_starts_without_tensorflow(command):
    done = run_python(
        "import sys\n"
        "from kedro.framework.cli.cli import main\n"
        f"sys.argv = ['kedro', *{command!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    print(end.code, {'tensorflow', 'keras'} & set(sys.modules))"
    )
    assert done.stdout.splitlines()[-1] == "0 set()", done.stderr
