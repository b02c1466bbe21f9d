"""What a script of the workflow says when it stops: one line, and the traceback in its log."""

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from molenspin.errors import InternalError, InvalidValueError
from molenspin.pipeline.scripts import script


@pytest.fixture
def job(tmp_path):
    return SimpleNamespace(rule="simulate", log=[str(tmp_path / "job.log")])


@pytest.mark.parametrize(
    ("error", "code", "line", "traced"),
    [
        (InvalidValueError("dt: below 0"), 2, "molenspin: simulate: dt: below 0", False),
        (InternalError("batch a/0: KeyError: x", "Traceback: in f"), 1, "batch a/0: KeyError: x", True),
        (AttributeError("no x"), 1, "fault in the code: AttributeError: no x; please report it", True),
    ],
)
def test_an_error_is_one_line_and_a_fault_has_its_traceback_in_the_log(
    job, capsys, *, error, code, line, traced
):
    with pytest.raises(SystemExit) as stopped, script(job):
        raise error
    assert stopped.value.code == code
    shown = capsys.readouterr().err
    assert line in shown
    assert shown.count("\n") == 1
    log = Path(job.log[0]).read_text()
    assert ("Traceback" in log) is traced


def test_failures_of_cases_stand_in_the_log_of_the_job(job, tmp_path):
    with script(job):
        logging.getLogger("molenspin.failures").warning("batch a/0: a case failed")
    logging.getLogger("molenspin.failures").warning("batch b/0: of another job")
    assert (tmp_path / "job.log").read_text() == "batch a/0: a case failed\n"
