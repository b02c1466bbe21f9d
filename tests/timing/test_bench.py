import pytest

from molenspin.commands import bench
from molenspin.timing import load_timing


def test_bench_prints_a_table_and_writes_the_samples(tmp_path, capsys):
    path = tmp_path / "bench.json"
    options = ["--sizes", "4,8", "--duration", "0.005", "--repeats", "2", "--warm-up", "0.001"]
    assert bench.main([*options, "--backends", "numpy", "--machine", "mill", "--output", str(path)]) == 0
    results = load_timing(path)
    assert [record.case.body_count for record in results.records] == [4, 8]
    assert all(len(record.samples.wall) == 2 for record in results.records)
    assert all(0 < record.physics.error < 1e-3 for record in results.records)
    printed = capsys.readouterr().out
    assert "speedup" in printed
    assert "too few runs for an interval" in printed
    assert printed.splitlines()[1].startswith("mill: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sizes", "4,x"], "'4,x' is not a list of whole numbers"),
        (["--sizes", "5"], "multiple of 4, not 5"),
        (["--family", "mil"], "family 'mil' is not known"),
        (["--integrator", "rk5"], "integrator 'rk5' is not known"),
        (["--backends", "nunpy"], "backend 'nunpy' is not known"),
        (["--backends", "torch@cpu/float16"], "dtype must be one of float64, float32"),
        (["--dt", "0"], "dt must be a finite number above 0"),
        (["--duration", "fast"], "invalid float value: 'fast'"),
        (["--repeats", "0"], "--repeats must be at least 1"),
        (["--save-every", "0"], "save_every must be at least 1"),
        (["--threads", "0"], "--threads must be at least 1"),
        (["--output", "absent-folder/bench.json"], "not a file in an existing folder"),
    ],
)
def test_bad_value_is_one_line_and_exit_code_two(options, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        bench.main(options)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
