"""The documents tell the truth: code of the README runs and prints what stands there, named files exist."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")])

SNIPPETS = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)
LINKS = re.compile(r"\]\(([^)#:]+)\)")


@pytest.mark.parametrize("path", [ROOT / "README.md"], ids=lambda path: path.name)
def test_snippets_print_what_stands_below_them(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    namespace: dict[str, object] = {}
    snippets = SNIPPETS.findall(path.read_text())
    assert snippets
    for code, expected in snippets:
        printed = StringIO()
        with redirect_stdout(printed):
            exec(code, namespace)
        assert printed.getvalue() == expected


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path):
    for link in LINKS.findall(path.read_text()):
        assert (path.parent / link).exists(), link


def test_files_that_the_contributing_page_names_exist():
    names = re.findall(r"`([\w./]+/[\w./]*)`", (ROOT / "CONTRIBUTING.md").read_text())
    roots = [ROOT, ROOT / "molenspin"]
    missing = [name for name in names if not any((root / name).exists() for root in roots)]
    assert missing == ["molenspin/backends/NAME.py"]
