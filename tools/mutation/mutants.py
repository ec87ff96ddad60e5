"""Which small changes a module can suffer: one at a time, each in the words of the source."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

_OTHER: dict[type[ast.AST], type[Any]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.Break: ast.Continue,
    ast.Continue: ast.Break,
}
_INVERTED_ALREADY = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_UNREACHABLE = "assert_never"
_SHOWN_LENGTH = 90


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where it is made, and what stands there before and after.

    ``parent`` is the number of a node in the order of `ast.walk`, ``field`` and ``place`` name its
    child. ``function`` is the outermost function around it, "" for what runs on import.
    """

    line: int
    scope: str
    function: str
    before: str
    after: str
    parent: int
    field: str
    place: int | None
    new: ast.AST | None
    copy: int = 1

    @property
    def name(self) -> str:
        """What a person calls it, unique within its module."""
        again = f" #{self.copy}" if self.copy > 1 else ""
        return f"{self.scope or 'module'}: {self.before} -> {self.after}{again}"


def mutants_of(source: str) -> list[Mutant]:
    """Every change of a module's source, in the order of its lines."""
    tree = ast.parse(source)
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    seen: Counter[str] = Counter()
    numbered: list[Mutant] = []
    for mutant in sorted(_below(tree, numbers, _Where()), key=lambda each: each.line):
        seen[mutant.name] += 1
        numbered.append(replace(mutant, copy=seen[mutant.name]))
    return numbered


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The tree of a module with one change made; lines stay where they are."""
    tree = ast.parse(source)
    parent = next(node for number, node in enumerate(ast.walk(tree)) if number == mutant.parent)
    new = copy.deepcopy(mutant.new)
    if mutant.place is None:
        setattr(parent, mutant.field, new)
    elif new is None:
        del getattr(parent, mutant.field)[mutant.place]
    else:
        getattr(parent, mutant.field)[mutant.place] = new
    return ast.fix_missing_locations(tree)


@dataclass(frozen=True, slots=True)
class _Where:
    scope: str = ""
    function: str = ""

    def into(self, node: ast.AST) -> _Where:
        if isinstance(node, ast.ClassDef):
            return replace(self, scope=self._joined(node.name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = self._joined(node.name)
            return _Where(scope=inner, function=self.function or inner)
        return self

    def _joined(self, name: str) -> str:
        return f"{self.scope}.{name}" if self.scope else name


def _below(node: ast.AST, numbers: dict[int, int], where: _Where) -> Iterator[Mutant]:
    inside = where.into(node)
    for field, place, child in _children(node):
        # What a def line evaluates is evaluated on import.
        here = inside if field in {"body", "value", "test"} or inside is where else where
        for new in _changes(node, field, child):
            yield Mutant(
                line=getattr(child, "lineno", getattr(node, "lineno", 1)),
                scope=here.scope,
                function=here.function,
                before=_shown(child),
                after="nothing" if new is None or isinstance(new, ast.Pass) else _shown(new),
                parent=numbers[id(node)],
                field=field,
                place=place,
                new=new,
            )
        yield from _below(child, numbers, here)


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    """The children that may change: no annotations, decorators, docstrings or words of asserts."""
    left_alone = _left_alone(node)
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST) and field not in left_alone:
            yield field, None, value
        elif isinstance(value, list) and field not in left_alone:
            yield from ((field, place, child) for place, child in enumerate(value) if _may(child))


def _may(child: object) -> bool:
    return isinstance(child, ast.AST) and not _is_declaration(child)


def _left_alone(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return frozenset({"returns", "decorator_list"})
        case ast.ClassDef():
            return frozenset({"decorator_list", "bases", "keywords"})
        case ast.arg() | ast.AnnAssign():
            return frozenset({"annotation", "target"})
        case ast.Assert():
            return frozenset({"msg"})
        case ast.FormattedValue():
            return frozenset({"format_spec", "conversion"})
        case ast.Call(func=ast.Name(id="TypeVar" | "NewType" | "cast")):
            return frozenset({"func", "args", "keywords"})
        case _:
            return frozenset()


def _is_declaration(node: ast.AST) -> bool:
    """A docstring, an import, or what type checkers alone see."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name == _UNREACHABLE
        case ast.match_case(body=[only]):
            return _is_declaration(only)
        case ast.Assign(value=ast.BinOp(op=ast.BitOr()) as value):
            return _is_union_of_types(value)
        case _:
            return False


def _is_union_of_types(node: ast.expr) -> bool:
    """A name for one of several classes: `Asked = AskedBet | AskedWin`."""
    if isinstance(node, ast.BinOp):
        return _is_union_of_types(node.left) and _is_union_of_types(node.right)
    return isinstance(node, ast.Name) and node.id.lstrip("_") != node.id.lstrip("_").upper()


def _changes(parent: ast.AST, field: str, node: ast.AST) -> Iterator[ast.AST | None]:
    """What may stand in a node's place; None takes it away."""
    if _decides(parent, field):
        yield from _negated(node)
    match node:
        case ast.expr():
            yield from _of_expression(node)
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise():
            yield ast.Pass()
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(value=ast.Constant(value=None))
        case ast.Break() | ast.Continue():
            yield _other(node)
        case ast.match_case() if isinstance(parent, ast.Match) and len(parent.cases) > 1:
            yield None
        case _:
            pass


def _decides(parent: ast.AST, field: str) -> bool:
    match parent:
        case ast.If() | ast.While() | ast.IfExp():
            return field == "test"
        case ast.match_case():
            return field == "guard"
        case _:
            return field == "ifs"


def _negated(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.UnaryOp(op=ast.Not()) | ast.Constant():
            return
        case ast.Compare(ops=[only]) if isinstance(only, _INVERTED_ALREADY):
            return
        case ast.expr():
            yield ast.UnaryOp(op=ast.Not(), operand=node)
        case _:
            pass


def _of_expression(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare():
            for place, op in enumerate(node.ops):
                ops = [*node.ops[:place], _other(op), *node.ops[place + 1 :]]
                yield ast.Compare(left=node.left, ops=ops, comparators=node.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(op=_other(node.op), values=node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.UnaryOp(op=ast.USub()):
            yield node.operand
        case ast.BinOp() if type(node.op) in _OTHER:
            yield ast.BinOp(left=node.left, op=_other(node.op), right=node.right)
        case ast.Constant():
            yield from _of_constant(node.value)
        case _:
            pass


def _of_constant(value: object) -> Iterator[ast.expr]:
    match value:
        case bool():
            yield ast.Constant(value=not value)
        case int() | float():
            yield ast.Constant(value=value + 1)
        case str():
            yield ast.Constant(value="XX" + value)
        case bytes():
            yield ast.Constant(value=b"XX" + value)
        case _:
            pass


def _other(op: ast.AST) -> Any:  # noqa: ANN401 - an operator of the same family
    return _OTHER[type(op)]()


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _shown(node: ast.AST) -> str:
    if isinstance(node, ast.match_case):
        return "case " + ast.unparse(node.pattern)
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "..."
