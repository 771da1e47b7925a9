"""No text from data may reach Textual's or Rich's markup: a bracket in a prompt must not become a style, a link or a crash.

A widget that takes markup by default may be given a literal, text that is marked safe by its type (Text, Content), or
`markup=False`. An f-string, a concatenation or a call that builds a string is refused without it.
"""

from __future__ import annotations

import ast

import pytest

from tests.project.source import Module, modules

CONSTRUCTORS = {"Static", "Label", "Button", "Checkbox", "RadioButton", "Option", "Tooltip", "Link", "Collapsible"}
METHODS = {"notify", "set_title", "add_option", "add_columns"}
UPDATES = {"update", "write", "mount_message"}


def dynamic(node: ast.expr) -> bool:
    """A string that is put together at run time (an f-string, +, %, join, format)."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        strings = [node.left, node.right]
        return any(is_text(side) for side in strings) and any(not isinstance(side, ast.Constant) for side in strings)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in {"join", "format"} and is_text(node.func.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in {"str", "repr", "ascii", "format"}
    if isinstance(node, ast.IfExp):
        return dynamic(node.body) or dynamic(node.orelse)
    return False


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def markup_is_off(call: ast.Call) -> bool:
    return any(
        keyword.arg == "markup" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in call.keywords
    )


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def sinks(tree: ast.AST, off: set[str]) -> list[ast.Call]:
    """Calls that would parse a string as markup. `off` names classes and attributes known to be made with markup=False."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or markup_is_off(node):
            continue
        name = called(node)
        first = node.args[0] if node.args else None
        if parses_markup(node, name, first) and not (name in UPDATES and receiver_is(node, off)):
            found.append(node)
    return found


def parses_markup(call: ast.Call, name: str, first: ast.expr | None) -> bool:
    """Whether a string from elsewhere can get into this call. A bare name given to Static or Label may be any string."""
    if name in METHODS:
        return any(dynamic(value) for value in (*call.args, *(keyword.value for keyword in call.keywords)))
    if first is None or name == "from_markup":
        return name == "from_markup"
    if name in {"Static", "Label"} and isinstance(first, ast.Name | ast.Attribute):
        return True
    return name in CONSTRUCTORS | UPDATES and dynamic(first)


def receiver_is(call: ast.Call, names: set[str]) -> bool:
    """True for `self.label.update(...)` when `label` was made with markup=False in the same module."""
    target = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(target, ast.Attribute) and target.attr in names


def made_without_markup(tree: ast.AST) -> set[str]:
    """Attributes assigned from a call with markup=False: `self.label = Static("", markup=False)`."""
    return {
        target.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and markup_is_off(node.value)
        for target in node.targets
        if isinstance(target, ast.Attribute)
    }


def tui() -> list[Module]:
    return [module for module in modules() if module.name.startswith("workbench.tui")]


def test_no_built_string_reaches_a_markup_sink() -> None:
    """Every widget, notice and tooltip of the app."""
    wrong = [
        f"{module.where(call)} {ast.unparse(call)[:100]}"
        for module in tui()
        for call in sinks(module.tree, made_without_markup(module.tree))
    ]
    assert wrong == []


def test_no_action_link_in_any_string() -> None:
    """`[@click=...]` in a string is a command in the hands of whoever wrote the text beside it."""
    wrong = [module.where(node) for module in modules() for node in ast.walk(module.tree) if _has_click(node)]
    assert wrong == []


def _has_click(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "[@" in node.value


@pytest.mark.parametrize(
    "line",
    [
        'Static(f"{name}")',
        "Static(name)",
        'Label("a " + name)',
        'Label(", ".join(names))',
        'self.notify(f"Imported {path}")',
        'app.notify("a %s" % name, title="x")',
        'self.notify("x", title=f"{name}")',
        'widget.update(f"[b]{name}[/b]")',
        "Text.from_markup(name)",
        'Button(f"Open {name}")',
        "Static(str(error))",
    ],
)
def test_the_lint_sees(line: str) -> None:
    """Each way in that has been met in other programs."""
    assert len(sinks(ast.parse(line), set())) == 1


@pytest.mark.parametrize(
    "line",
    [
        'Static("literal")',
        'Static(f"{name}", markup=False)',
        "Static(Text(name))",
        "Label(Content.assemble(name))",
        'self.notify(f"Imported {path}", markup=False)',
        'values.update({"a": name})',
        "widget.update(text)",
        'digest.update(f"literal")',
    ],
)
def test_the_lint_lets_pass(line: str) -> None:
    """Literals, text objects, and markup switched off."""
    assert sinks(ast.parse(line), set()) == []
