"""Change one thing at random in the package, many times, and see whether the tests notice.

`python -m tests.mutants molenspin/timing --count 100 --seed 0` draws 100 mutants of a folder and runs,
against each, the tests of `tests/timing` that execute the changed line. Survivors are printed as diffs:
a test is missing, or the change changes nothing: list it in `tests/mutants/equivalent.toml` with its reason.
The sources are not touched: mutants live in temporary copies of the checkout.
"""

import argparse
import random
import sys
import tempfile
import tomllib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from .coverage_by_test import Coverage, measure
from .mutations import Mutant, mutants_of
from .trial import Trials, copy_checkout

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def main() -> int:
    """Draw mutants, try them, print the survivors; 1 where any survives."""
    options = _options()
    sources = {path: (ROOT / path).read_bytes() for path in _python_files(options.sources)}
    mutants = [mutant for path, source in sources.items() for mutant in mutants_of(path, source)]
    drawn = random.Random(options.seed).sample(mutants, min(options.count, len(mutants)))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        checkouts = [Path(folder, str(number)) for number in range(options.jobs)]
        for checkout in checkouts:
            copy_checkout(ROOT, checkout)
        covered = _measured(checkouts[0], list(sources), options.tests or _own_tests(options.sources))
        trials = Trials(covered, checkouts)
        if not trials.passes(checkouts[0], covered.cheapest_first(set(covered.seconds))):
            raise SystemExit("The tests do not pass in another order: they depend on each other")
        print(f"{len(covered.seconds)} tests, {sum(covered.seconds.values()):.1f} s; {len(mutants)} mutants")
        return _report(drawn, trials, sources)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("sources", nargs="+", help="folders or modules of the package")
    parser.add_argument("--tests", nargs="+", help="tests to run (default: the folder of the same name)")
    parser.add_argument("--count", type=int, default=100, help="how many mutants to draw")
    parser.add_argument("--seed", type=int, default=0, help="which mutants to draw")
    parser.add_argument("--jobs", type=int, default=1, help="how many to try at a time")
    return parser.parse_args()


def _python_files(sources: list[str]) -> list[str]:
    paths = [ROOT / source for source in sources]
    files = {file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])}
    return sorted(str(file.relative_to(ROOT)) for file in files)


def _own_tests(sources: list[str]) -> list[str]:
    """The folders of tests named as those of the sources."""
    folders = {Path(source).parent if source.endswith(".py") else Path(source) for source in sources}
    tests = {str(Path("tests", *folder.parts[1:])) for folder in folders}
    if missing := [name for name in tests if not (ROOT / name).is_dir()]:
        raise SystemExit(f"There is no {missing[0]}: name the tests with --tests")
    return sorted(tests)


def _measured(checkout: Path, sources: list[str], tests: list[str]) -> Coverage:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, checkout, sources, tests).result()


def _report(drawn: list[Mutant], trials: Trials, sources: dict[str, bytes]) -> int:
    reasons = _known_to_change_nothing()
    caught, equivalent, survivors = 0, 0, 0
    for mutant, is_caught in zip(drawn, trials.caught(drawn), strict=True):
        source = sources[mutant.path]
        reason = reasons.get((mutant.path, *mutant.changed_line(source)))
        caught += is_caught
        equivalent += bool(reason) and not is_caught
        survivors += not reason and not is_caught
        if is_caught == bool(reason):
            print("Caught, but listed as changing nothing:" if is_caught else "Survives:")
            print(mutant.diff(source), end="\n\n", flush=True)
    print(f"{caught} of {len(drawn)} caught, {equivalent} known to change nothing, {survivors} survive")
    return int(survivors > 0)


def _known_to_change_nothing() -> dict[tuple[str, str, str], str]:
    """The reason of each, by file and the line before and after."""
    listed = tomllib.loads(EQUIVALENT.read_text())
    return {
        (file, entry["line"], entry["mutant"]): entry["reason"]
        for file, entries in listed.items()
        for entry in entries
    }


if __name__ == "__main__":
    sys.exit(main())
