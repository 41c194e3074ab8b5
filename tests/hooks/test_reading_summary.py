import pytest

from digit_recognition.hooks import ReadingHooks

SUMMARY = {
    "pictures": 1234,
    "read": 1200,
    "set_aside": 31,
    "not_readable": 3,
    "files_skipped": 0,
    "max_error": 0.001,
    "certain": True,
    "certain_max_error": 0.001,
    "dataset": "mnist",
}


@pytest.fixture
def said(capsys):
    """What is printed at the end of a run that saved such a summary."""

    def run(**changed):
        hooks = ReadingHooks()
        hooks.before_pipeline_run()
        hooks.after_dataset_saved("readings", "other")
        hooks.after_dataset_saved("reading_summary", SUMMARY | changed)
        assert capsys.readouterr().out == ""
        hooks.after_pipeline_run()
        return capsys.readouterr().out

    return run


def test_the_line_tells_how_many_were_read_set_aside_and_not_readable(said):
    assert said() == (
        "1,234 pictures: 1,200 read, 31 set aside for a person, 3 not readable. "
        "At most 0.001 of accepted digits is wrong, with 95 % certainty, where they "
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
            "max_error 0.001 cannot be had from this model's validation part: the "
            "strictest that can, 0.01, was taken, for digits like MNIST's.\n",
        ),
        (
            {"certain": False, "certain_max_error": None},
            "cannot be had from this model's validation part, nor any other: ",
        ),
    ],
)
def test_what_else_is_to_be_known_stands_in_the_same_line(said, changed, words):
    line = said(**changed)
    assert words in line
    assert line.count("\n") == 1


@pytest.mark.parametrize("had", [0.01, None])
def test_what_cannot_be_had_is_never_called_certain(said, had):
    assert "certainty" not in said(certain=False, certain_max_error=had)


def test_a_run_that_reads_nothing_says_nothing(capsys):
    hooks = ReadingHooks()
    hooks.before_pipeline_run()
    hooks.after_dataset_saved("reading_summary", SUMMARY)
    hooks.before_pipeline_run()
    hooks.after_dataset_saved("metrics", {"dataset": "mnist"})
    hooks.after_pipeline_run()
    assert capsys.readouterr().out == ""
