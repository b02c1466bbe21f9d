"""The command that runs mutants: what it changes, and that it distinguishes caught mutants from survivors."""

import ast
import tomllib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from mutants.mutations import mutants_of

ROOT = Path(__file__).parents[1]
EQUIVALENT = ROOT / "tests" / "mutants" / "equivalent.toml"
SOURCE = '''
LIMIT: int = 3

@dataclass(frozen=True)
class Case:
    size: int = 1

def interval(values, low=True):
    """Not -1, nor 1 < 2."""
    if values is None or not low:
        raise ValueError(f"{values + 1} is not allowed")
    total = (values) * ( # not the * here
        -LIMIT
    )
    pairs = [a for a, b in zip(values, values, strict=True) if a]
    return min(pairs) if 0 <= total < 9 else values
'''
CHANGED = {
    "LIMIT: int = 4",
    "size: int = 2",
    "def interval(values, low=False):",
    "if values is not None or not low:",
    "if values is None and not low:",
    "if values is None or low:",
    "total = (values) / ( # not the * here",
    "LIMIT",
    "pairs = [a for a, b in zip(values, values, strict=True) if not (a)]",
    "return max(pairs) if 0 <= total < 9 else values",
    "return min(pairs) if 1 <= total < 9 else values",
    "return min(pairs) if 0 < total < 9 else values",
    "return min(pairs) if 0 > total < 9 else values",
    "return min(pairs) if 0 <= total <= 9 else values",
    "return min(pairs) if 0 <= total >= 9 else values",
    "return min(pairs) if 0 <= total < 10 else values",
}


def test_everything_that_a_test_could_see_is_changed_once() -> None:
    mutants = mutants_of("case.py", SOURCE.encode())
    assert sorted(mutant.changed_line(SOURCE.encode())[1] for mutant in mutants) == sorted(CHANGED)


@pytest.mark.parametrize("path", ["timing/statistics.py", "sweep/space.py", "assembly/compile.py"])
def test_every_mutant_is_another_valid_program(path: str) -> None:
    source = (ROOT / "molenspin" / path).read_bytes()
    programs = [ast.dump(ast.parse(mutant.apply(source))) for mutant in mutants_of(path, source)]
    assert len({ast.dump(ast.parse(source)), *programs}) == len(programs) + 1


def test_every_mutant_that_is_listed_as_changing_nothing_exists_and_has_a_reason() -> None:
    for path, entries in tomllib.loads(EQUIVALENT.read_text()).items():
        source = (ROOT / path).read_bytes()
        possible = {mutant.changed_line(source) for mutant in mutants_of(path, source)}
        for entry in entries:
            assert (entry["line"], entry["mutant"]) in possible, f"{path} has no longer: {entry['line']}"
            assert entry["reason"].endswith(".")


def test_a_mutant_is_caught_where_a_test_fails_and_survives_otherwise(tmp_path: Path) -> None:
    pytest.importorskip("coverage", reason="coverage is not installed: pip install 'molenspin[dev]'")
    from mutants.coverage_by_test import measure
    from mutants.trial import Trials

    source = b"START = 2\n\ndef held(x):\n    return x + START\n\ndef free(x):\n    return x + 1\n"
    (tmp_path / "sums.py").write_bytes(source)
    tests = (
        "import sums\ndef test_held():\n    assert sums.held(1) == 3\ndef test_free():\n    sums.free(1)\n"
    )
    (tmp_path / "test_sums.py").write_text(tests)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        covered = pool.submit(measure, tmp_path, ["sums.py"], ["test_sums.py"]).result()
    mutants = mutants_of("sums.py", source)
    changed = [mutant.changed_line(source)[1] for mutant in mutants]
    caught = dict(zip(changed, Trials(covered, [tmp_path]).caught(mutants), strict=True))
    assert caught == {
        "START = 3": True,
        "return x - START": True,
        "return x - 1": False,
        "return x + 2": False,
    }
    assert (tmp_path / "sums.py").read_bytes() == source
