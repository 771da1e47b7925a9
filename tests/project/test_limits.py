"""The limits of house.md and the habits of style.md that a machine can check."""

from __future__ import annotations

import ast
import re

from tests.project.source import Module, modules

HARD_LINES, CLASS_LINES, FUNCTION_LINES = 600, 250, 60


def length(node: ast.AST) -> int:
    """Lines from the first to the last, decorators not counted."""
    return (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0) + 1


def bases(node: ast.ClassDef) -> list[str]:
    names = []
    for base in node.bases:
        inner = base.value if isinstance(base, ast.Subscript) else base
        names.append(inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", ""))
    return names


def classes(module: Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]


def test_no_module_is_longer_than_it_may_ever_be() -> None:
    """400 lines is the aim; 600 is where a module has to be cut."""
    long = {str(module.path): lines for module in modules() if (lines := len(module.text.splitlines())) > HARD_LINES}
    assert long == {}


def test_no_app_class_does_more_than_wiring() -> None:
    """An App of 1,000 lines is where every Textual program ends that nobody stops."""
    apps = [(module, node) for module in modules() for node in classes(module) if "App" in bases(node)]
    assert apps, "the App class was not found: has it been renamed?"
    assert [module.where(node) for module, node in apps if length(node) > CLASS_LINES] == []


def test_no_function_is_too_long_to_read_at_once() -> None:
    """Lines of the function with its docstring."""
    wrong = [
        f"{module.where(node)} {node.name}: {length(node)} lines"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > FUNCTION_LINES
    ]
    assert wrong == []


def test_no_exception_is_swallowed_in_silence() -> None:
    """`except: pass` in any spelling: a handler whose body does nothing. `contextlib.suppress` names what it drops."""
    wrong = [
        module.where(handler)
        for module in modules()
        for handler in ast.walk(module.tree)
        if isinstance(handler, ast.ExceptHandler)
        and all(
            isinstance(line, ast.Pass) or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            for line in handler.body
        )
    ]
    assert wrong == []


def test_no_mixins_on_app_or_screen() -> None:
    """Split by message and service, not by a class that shares forty private attributes."""
    wrong = [
        f"{module.where(node)} {node.name}"
        for module in modules()
        for node in classes(module)
        if any("mixin" in name.lower() for name in (node.name, *bases(node)))
        or ({"App", "Screen", "ModalScreen"} & set(bases(node)) and len(node.bases) > 1)
    ]
    assert wrong == []


def test_every_module_says_what_lives_in_it() -> None:
    """Except an `__init__` that is empty."""
    wrong = [str(module.path) for module in modules() if module.text.strip() and ast.get_docstring(module.tree) is None]
    assert wrong == []


def test_no_comment_speaks_of_the_past() -> None:
    """A comment is about the code that is there; what was there before is in git."""
    past = re.compile(r"#.*\b(used to be|no longer|previously|was removed|old code|TODO|FIXME|XXX|HACK)\b")
    wrong = [
        f"{module.path}:{number}: {line.strip()}"
        for module in modules()
        for number, line in enumerate(module.text.splitlines(), start=1)
        if past.search(line)
    ]
    assert wrong == []
