import pytest
from app.readings import VERSION, save_readings

from digit_recognition.app.page.checking import Checking
from digit_recognition.app.page.uploaded import Shown, Uploaded
from digit_recognition.app.page.worklists import Desk, find_worklists
from digit_recognition.app.reading.newest_readings import load_newest_readings

UPLOADS = (
    Uploaded("a.png", [{"number": "12"}, {"number": "34"}], [], {1: Shown("b", 6, 3)}),
    Uploaded("b.txt", [{"number": ""}]),
    Uploaded("c.png", [{"number": "56"}], [], {0: Shown("c", 6, 3)}),
)


@pytest.fixture
def newest(tmp_path):
    save_readings(tmp_path, tmp_path / "pictures", 2)
    return load_newest_readings(tmp_path)


def test_only_uploaded_numbers_with_a_picture_are_checked():
    (worklist,) = find_worklists(UPLOADS, None)
    found = [(task.place, task.row["number"]) for task in worklist.tasks]
    assert found == [(1, "34"), (3, "56")]
    assert [task.show().url for task in worklist.tasks] == ["b", "c"]
    assert len(worklist.rows) == 4


def test_the_newest_run_comes_after_the_uploads_and_names_its_time(newest):
    uploads, run = find_worklists(UPLOADS, newest)
    assert uploads.title == "the uploaded pictures"
    assert run.title == "the folder that was read last"
    assert run.time == ", 2026-01-02 03:04 UTC"
    assert run.key == VERSION
    assert run.tasks[0].show()[1:] == (68, 44)


def test_a_picture_that_is_gone_is_none(newest, tmp_path):
    (tmp_path / "pictures" / "1.png").unlink()
    (run,) = find_worklists((), newest)
    assert [task.show() is None for task in run.tasks] == [False, True]


def test_a_table_without_tasks_is_left_out():
    assert find_worklists(UPLOADS[1:2], None) == []


def test_each_table_has_its_own_progress(newest):
    lists = uploads, run = find_worklists(UPLOADS, newest)
    desk = Desk()
    assert desk.choose(lists) is uploads
    desk = desk.with_progress(uploads, Checking(1, {1: "35"}))
    desk = Desk(run.key, desk.progress)
    assert desk.choose(lists) is run
    assert desk.progress_in(run) == Checking()
    assert desk.progress_in(uploads).position == 1


def test_after_a_new_start_the_progress_is_empty():
    desk = Desk().with_progress(*find_worklists(UPLOADS, None), Checking(1, {1: "35"}))
    again = Uploaded("a.png", [{"number": "12"}], [], {0: Shown("b", 6, 3)})
    assert desk.progress_in(*find_worklists((again,), None)) == Checking()
