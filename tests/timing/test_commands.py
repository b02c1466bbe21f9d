from argparse import ArgumentParser

import pytest
from timing_fakes import FakeBackend, FakeClock, contender, environment, workload

from molenspin.commands import compare, merge
from molenspin.commands.entry_point import main
from molenspin.errors import InvalidValueError
from molenspin.timing import Schedule, load_timing
from molenspin.timing.measure import measure


def call(command, *arguments):
    parser = ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def write(tmp_path):
    def write_timing(name, *, seconds, machine="mill"):
        clock = FakeClock()
        backend = FakeBackend("rust", clock, lambda run: seconds * (1 + 0.01 * (run % 3)))
        results = measure(
            [workload()],
            [contender(backend)],
            environment(machine),
            schedule=Schedule(repeats=12, warm_up=0.0),
            clock=clock,
        )
        results.save(tmp_path / name)
        return tmp_path / name

    return write_timing


def test_compare_reports_what_changed(write, capsys):
    assert call(compare, write("a.json", seconds=1.0), write("b.json", seconds=2.0)) == 0
    printed = capsys.readouterr().out
    assert "+100.0" in printed
    assert printed.endswith("slower: 1; told is a change above 12%\n")


def test_compare_of_a_file_with_itself_reports_no_change(write, capsys):
    path = write("a.json", seconds=1.0)
    call(compare, path, path)
    expected = "timings: no change (cases compared: 1); told is a change above 12%\n"
    assert capsys.readouterr().out == expected


def test_names_from_other_peoples_files_do_not_control_the_terminal(write, tmp_path, capsys):
    hostile = write("a.json", seconds=1.0, machine="=1\x1b[31m\nforged")
    other, merged = write("b.json", seconds=9.0, machine="server"), str(tmp_path / "ab.json")
    assert main(["compare", "--all", str(hostile), str(other)]) == 0
    assert main(["compare", str(other), str(hostile)]) == 0
    assert main(["merge", str(hostile), str(other), "-o", merged]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "=1\\x1b[31m\\nforged" in printed
    assert "\nforged" not in printed


def test_compare_refuses_a_smallest_change_that_is_no_fraction(write):
    path = write("a.json", seconds=1.0)
    with pytest.raises(InvalidValueError, match="--smallest-change 2"):
        call(compare, path, path, "--smallest-change", "2")


def test_merge_writes_one_file_whatever_the_order(write, tmp_path, capsys):
    one, other = write("a.json", seconds=1.0), write("b.json", seconds=1.0, machine="server")
    call(merge, one, other, "-o", tmp_path / "ab.json")
    call(merge, other, one, "-o", tmp_path / "ba.json")
    assert (tmp_path / "ab.json").read_bytes() == (tmp_path / "ba.json").read_bytes()
    assert len(load_timing(tmp_path / "ab.json").records) == 2
    assert "2 timings from mill, server" in capsys.readouterr().out
