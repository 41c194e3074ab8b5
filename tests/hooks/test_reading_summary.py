import pytest

from digit_recognition.hooks import ReadingHooks

SUMMARY = {
    "pictures": 1234,
    "read": 1200,
    "set_aside": 31,
    "not_readable": 3,
    "files_skipped": 0,
    "max_error": 0.001,
    "certainty": 0.95,
    "certain": True,
    "certain_max_error": 0.001,
    "dataset": "mnist",
}


@pytest.fixture
def printed(capsys):
    """What a run that saved such a summary prints at its end."""

    def run(**changed):
        hooks = ReadingHooks()
        hooks.before_pipeline_run()
        hooks.after_dataset_saved("readings", "other")
        hooks.after_dataset_saved("reading_summary", SUMMARY | changed)
        assert capsys.readouterr().out == ""
        hooks.after_pipeline_run()
        return capsys.readouterr().out

    return run


def test_the_line_counts_pictures_read_set_aside_and_not_readable(printed):
    assert printed() == (
        "1,234 pictures: 1,200 read, 31 set aside for a person, 3 not readable. "
        "At most 0.001 of the accepted digits are wrong, with 95 % certainty, if they "
        "are like MNIST's.\n"
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"files_skipped": 2}, "3 not readable; 2 other files skipped. "),
        ({"files_skipped": 1}, "3 not readable; 1 other file skipped. "),
        ({"pictures": 1}, "1 picture: "),
        ({"dataset": "mnist-sample"}, "on the 5,000-image sample, not on MNIST.\n"),
        (
            {"certain": False, "certain_max_error": 0.01},
            "This model's validation part cannot guarantee max_error 0.001: the "
            "smallest possible, 0.01, is used, for digits like MNIST's.\n",
        ),
        (
            {"certain": False, "certain_max_error": None},
            "validation part guarantees neither max_error 0.001 nor any other: ",
        ),
    ],
)
def test_other_facts_stand_in_the_same_line(printed, changed, words):
    line = printed(**changed)
    assert words in line
    assert line.count("\n") == 1


@pytest.mark.parametrize("possible", [0.01, None])
def test_an_error_that_is_not_guaranteed_is_never_called_certain(printed, possible):
    assert "certainty" not in printed(certain=False, certain_max_error=possible)


def test_a_run_that_reads_nothing_prints_nothing(capsys):
    hooks = ReadingHooks()
    hooks.before_pipeline_run()
    hooks.after_dataset_saved("reading_summary", SUMMARY)
    hooks.before_pipeline_run()
    hooks.after_dataset_saved("metrics", {"dataset": "mnist"})
    hooks.after_pipeline_run()
    assert capsys.readouterr().out == ""
