"""Every mutant of a Python source: one operator, comparison, condition, constant or name changed.

Not mutated, because no test of behaviour can or should see it: annotations, f-strings (messages), the options
of `@dataclass` (mypy holds those), `strict=` of `zip`, and what stands below `if TYPE_CHECKING`.
"""

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

OPERATORS = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.Lt: ("<", "<=", ">="),
    ast.LtE: ("<=", "<", ">"),
    ast.Gt: (">", ">=", "<="),
    ast.GtE: (">=", ">", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
}
UNARY = {ast.USub: "-", ast.Not: "not "}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"}
DECLARATIONS = ("annotation", "returns", "type_params")

Change = tuple[int, int, str]


@dataclass(frozen=True)
class Mutant:
    """Bytes `start` to `end` of the file at `path` replaced, in the statement on `lines`."""

    path: str
    start: int
    end: int
    replacement: str
    lines: range
    in_function: bool

    def apply(self, source: bytes) -> bytes:
        """The mutated source."""
        return source[: self.start] + self.replacement.encode() + source[self.end :]

    def changed_line(self, source: bytes) -> tuple[str, str]:
        """The first line that changes, before and after, without its indentation."""
        row = source.count(b"\n", 0, self.start)
        before, after = source.decode().splitlines(), self.apply(source).decode().splitlines()
        return before[row].strip(), after[row].strip()

    def diff(self, source: bytes) -> str:
        """The change as a unified diff."""
        before, after = source.decode().splitlines(), self.apply(source).decode().splitlines()
        return "\n".join(difflib.unified_diff(before, after, self.path, self.path, lineterm=""))


def mutants_of(path: str, source: bytes) -> list[Mutant]:
    """Every mutant of one file."""
    return list(_Search(path, source).below(ast.parse(source), range(0), in_function=False))


class _Search:
    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.line_starts = [0, *(match.end() for match in re.finditer(b"\n", source))]

    def below(self, node: ast.AST, lines: range, *, in_function: bool) -> Iterator[Mutant]:
        if isinstance(node, ast.stmt):
            lines = _header(node)
        for start, end, replacement in self.changes(node):
            yield Mutant(self.path, start, end, replacement, lines, in_function)
        for child in _mutable_children(node):
            in_body = isinstance(node, ast.FunctionDef) and isinstance(child, ast.stmt)
            yield from self.below(child, lines, in_function=in_function or in_body)

    def changes(self, node: ast.AST) -> Iterator[Change]:
        match node:
            case ast.UnaryOp(op=op) if type(op) in UNARY:
                start, _ = self.span(node)
                yield start, start + len(UNARY[type(op)]), ""
            case ast.Constant(value=bool() | int() | float() as value):
                yield (*self.span(node), _other_constant(value))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name) as function) if name in CALLS:
                _, end = self.span(function)
                yield end - len(name), end, CALLS[name]
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                yield from self.negated(test)
            case ast.comprehension(ifs=conditions):
                for condition in conditions:
                    yield from self.negated(condition)
        for left, operator, right in _operations(node):
            yield from self.between(left, right, OPERATORS.get(type(operator), ()))

    def between(self, left: ast.expr, right: ast.expr, operators: tuple[str, ...]) -> Iterator[Change]:
        """The operator, searched between its operands, outside comments."""
        if not operators:
            return
        (_, start), (end, _) = self.span(left), self.span(right)
        gap = re.sub(rb"#[^\n]*", lambda comment: b" " * len(comment[0]), self.source[start:end])
        old, *new = operators
        found = re.search(rb"\s+".join(re.escape(word.encode()) for word in old.split()), gap)
        assert found, f"no {old} in {gap!r}"
        for operator in new:
            yield start + found.start(), start + found.end(), operator

    def negated(self, test: ast.expr) -> Iterator[Change]:
        """A bare condition negated; comparisons and the like are mutated themselves."""
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
            start, end = self.span(test)
            yield start, end, f"not ({self.source[start:end].decode()})"

    def span(self, node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.line_starts[node.lineno - 1] + node.col_offset
        return start, self.line_starts[node.end_lineno - 1] + node.end_col_offset


def _operations(node: ast.AST) -> Iterator[tuple[ast.expr, ast.AST, ast.expr]]:
    match node:
        case ast.BinOp(left=left, op=op, right=right) | ast.AugAssign(target=left, op=op, value=right):
            yield left, op, right
        case ast.Compare(left=first, ops=ops, comparators=others):
            yield from zip([first, *others], ops, others, strict=False)
        case ast.BoolOp(op=op, values=values):
            yield from ((before, op, after) for before, after in pairwise(values))


def _header(node: ast.stmt) -> range:
    """The lines of a statement, of a compound one those before its body."""
    body = getattr(node, "body", None)
    assert node.end_lineno is not None
    return range(node.lineno, max(body[0].lineno, node.lineno + 1) if body else node.end_lineno + 1)


def _other_constant(value: float) -> str:
    if isinstance(value, bool):
        return str(not value)
    return repr(value + 1) if isinstance(value, int) else repr(2 * value or 1.0)


def _mutable_children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr) or _is_for_types(node):
        return
    for name, value in ast.iter_fields(node):
        if name in DECLARATIONS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_declaration(child):
                yield child


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_declaration(node: ast.AST) -> bool:
    if isinstance(node, ast.keyword):
        return node.arg == "strict"
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dataclass"
