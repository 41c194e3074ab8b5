from unittest import mock

from digit_recognition.tracking import mlflow_page


def test_a_server_that_runs_already_is_opened_not_started(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.org:5000")
    with (
        mock.patch.object(mlflow_page, "open_browser") as launch,
        mock.patch.object(mlflow_page, "start_server") as start,
    ):
        mlflow_page.open_page(tmp_path)
    launch.assert_called_once_with("http://mlflow.example.org:5000")
    start.assert_not_called()
    assert "The page is at http://mlflow.example.org:5000." in capsys.readouterr().out


def test_a_server_that_ends_at_once_is_not_waited_for(tmp_path):
    with mlflow_page.start_server(tmp_path, 0, uri="nothing://") as server:
        server.kill()
        server.wait()
        assert mlflow_page.wait_until_ready(server, 9) is None
