"""Markers that name an entry of an inventory: where they stand, and which ids they name."""

import ast


def mark_calls(node: ast.AST, marker: str) -> list[ast.Call]:
    """Every `pytest.mark.<marker>(...)` below a node."""
    return [
        call
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == marker
        and isinstance(call.func.value, ast.Attribute)
        and call.func.value.attr == "mark"
    ]


def marked_ids(module: ast.Module, marker: str) -> set[str]:
    """The ids that decorators of tests in a module name, of their parameter sets too."""
    tests = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.name.lower().startswith("test")
    ]
    decorators = [decorator for test in tests for decorator in test.decorator_list]
    calls = [call for decorator in decorators for call in mark_calls(decorator, marker)]
    arguments = [argument for call in calls for argument in call.args]
    return {
        argument.value
        for argument in arguments
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def stray_calls(module: ast.Module, name: str, marker: str) -> list[str]:
    """Markers that stand on no test, or whose ids are not written out."""
    counted = {
        id(call)
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for decorator in node.decorator_list
        for call in mark_calls(decorator, marker)
        if node.name.lower().startswith("test")
    }
    return [
        f"{name}:{call.lineno} put the marker on a test, with its ids written out"
        for call in mark_calls(module, marker)
        if id(call) not in counted
        or not call.args
        or not all(isinstance(argument, ast.Constant) for argument in call.args)
    ]
