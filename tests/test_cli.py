"""The command line says what is wrong in one line and never shows a traceback."""

import pytest

from molenspin.commands.entry_point import command_names, main


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a wrong call prints; checks that it is one line and that the exit code says so."""
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    printed = capsys.readouterr().err
    assert code == 2
    assert printed.count("\n") == 1
    return printed


def test_nothing_from_a_file_or_an_argument_controls_the_terminal(tmp_path, capsys):
    hostile = "\x1b[2J\u202egnp\udcff"
    assembly = tmp_path / "a.yaml"
    assembly.write_text('name: "x\\e[2J"\nbodies: [{name: "b\\e[1m", inertia: -1, mass: 1}]\n')
    calls = [
        ["plan", hostile],
        [hostile],
        ["status", "--store", hostile],
        ["advise", "--assembly", str(assembly), "--error", "1e-3"],
    ]
    for arguments in calls:
        printed = complaint(arguments, capsys)
        assert not set(printed) & set("\x1b\u202e\udcff")
        assert "\\x1b[" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["plann"], "invalid choice: 'plann'"),
        (["plan", "none.yaml"], "none.yaml is not a file"),
        (["config", "--check", "data/mills.csv"], "a mapping of keys is needed"),
        (["config", "--write", "/none"], "No such file or directory: '/none/README.md'"),
        (["mills", "data/mills.csv"], "the following arguments are required: FOLDER"),
        (["mills", "none.csv", "out"], "cannot read none.csv"),
        (["compare", "none.json", "none.json"], "none.json: no timing file, no store of results"),
        (["merge", "none.json", "none.json", "-o", "out.json"], "none.json: no timing file"),
        (["profile", "--size", "5"], "size of mill must be a positive multiple of 4, not 5"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_call_is_refused_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert message in complaint(arguments, capsys)


@pytest.mark.parametrize("name", command_names())
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0
    assert f"usage: molenspin {name}" in capsys.readouterr().out


def test_mills_writes_assemblies(tmp_path, capsys: pytest.CaptureFixture[str]):
    assert main(["mills", "data/mills.csv", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}: 17 assemblies\n"
    assert len(list(tmp_path.glob("*.yaml"))) == 17
