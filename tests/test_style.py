"""Check the style of the package's code: docstrings, unique names, file sizes, import cycles."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "msanii_live"
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}

MAX_LINES = 330
GENERATED = "writes this module from the command table"  # in the docstring of generated modules
# A class is a thing, so its docstring is a noun phrase and not one of these commands.
IMPERATIVES = {
    "Be", "Give", "Hear", "Hold", "Keep", "Know", "Make", "Name", "Place", "Say", "Show", "Take",
    "Tell",
}  # fmt: skip
# Names that more than one class may have, with the reason.
SHARED_NAMES: dict[str, str] = {}


def name_of(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): tree for path, tree in TREES.items()}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def all_classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield path, node


def test_every_module_has_a_docstring() -> None:
    missing = [shown(path) for path, tree in TREES.items() if not ast.get_docstring(tree)]
    assert missing == []


def test_no_file_is_too_long() -> None:
    sizes = {
        shown(path): len(path.read_text("utf-8").splitlines())
        for path in FILES
        if GENERATED not in (ast.get_docstring(TREES[path]) or "")
    }
    assert {name: size for name, size in sizes.items() if size > MAX_LINES} == {}


def test_no_class_docstring_is_a_command() -> None:
    wrong = []
    for path, node in all_classes():
        words = (ast.get_docstring(node) or "").split()
        if words and words[0].rstrip(".,:;") in IMPERATIVES:
            wrong.append(f"{shown(path)}:{node.lineno} {node.name}: {words[0]} …")
    assert wrong == []


def test_a_public_class_name_means_one_thing() -> None:
    places = defaultdict(list)
    for path, node in all_classes():
        if node in TREES[path].body and not node.name.startswith("_"):
            places[node.name].append(shown(path))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert {name: found for name, found in twice.items() if name not in SHARED_NAMES} == {}
    assert set(SHARED_NAMES) <= set(twice), "a name in the list is not shared any more"


# -- import cycles ---------------------------------------------------------------------------------

Graph = dict[str, set[str]]


def module_level_imports(tree: ast.Module, with_type_checking: bool) -> Iterator[ast.stmt]:
    """Yield the imports that run when a module is imported; those in functions do not."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If):
            is_for_types = "TYPE_CHECKING" in ast.unparse(node.test)
            pending += node.orelse
            pending += node.body if with_type_checking or not is_for_types else []
        elif isinstance(node, ast.Try):
            pending += [*node.body, *node.orelse, *node.finalbody]
            pending += [statement for handler in node.handlers for statement in handler.body]
        elif isinstance(node, ast.With | ast.ClassDef):
            pending += node.body


def imported_modules(node: ast.stmt) -> Iterator[str]:
    """Yield the modules of the package that one import statement runs."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        assert isinstance(node, ast.ImportFrom)
        assert node.level == 0, "imports are absolute"
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    for name in names:
        parts = name.split(".")
        for length in range(len(parts), 0, -1):  # the name may be of something in a module
            if (module := ".".join(parts[:length])) in MODULES:
                yield module


def import_graph(with_type_checking: bool) -> Graph:
    """Return which modules each module imports.

    Importing a module runs its packages first. Those that it lies in itself are left out: they are
    running already.
    """
    graph: Graph = {}
    for name, tree in MODULES.items():
        statements = module_level_imports(tree, with_type_checking)
        found = {module for node in statements for module in imported_modules(node)}
        graph[name] = {each for each in found if not f"{name}.".startswith(f"{each}.")}
    return graph


def find_cycles(graph: Graph) -> list[list[str]]:
    """Return the strongly connected components of more than one module.

    Source: Tarjan, Depth-first search and linear graph algorithms, 1972.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    cycles = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for neighbour in sorted(graph[node]):
            if neighbour not in index:
                visit(neighbour)
                low[node] = min(low[node], low[neighbour])
            elif neighbour in stack:
                low[node] = min(low[node], index[neighbour])
        if low[node] == index[node]:
            component = []
            while not component or component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                cycles.append(sorted(component))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(cycles)


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, [["a", "b"]]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, [["a", "b", "c"]]),
        ({"a": {"b", "c"}, "b": {"a"}, "c": {"d"}, "d": {"c"}}, [["a", "b"], ["c", "d"]]),
    ],
)
def test_cycles_are_found(graph: Graph, expected: list[list[str]]) -> None:
    assert find_cycles(graph) == expected


def test_imports_are_found() -> None:
    source = """
import msanii_live.errors
from msanii_live.osc import codec, peer
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from msanii_live.config import Config
try:
    from msanii_live.audio import Clip
except ImportError:
    from msanii_live.notes import Note
def later():
    from msanii_live.web import app
"""
    tree = ast.parse(source)

    def imports(with_type_checking: bool) -> set[str]:
        nodes = module_level_imports(tree, with_type_checking)
        return {module for node in nodes for module in imported_modules(node)}

    run = {"errors", "osc", "osc.codec", "osc.peer", "audio", "notes"}
    assert imports(False) == {"msanii_live", *(f"msanii_live.{name}" for name in run)}
    assert imports(True) - imports(False) == {"msanii_live.config"}


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert find_cycles(import_graph(with_type_checking=False)) == []


def test_types_cause_no_cycle_either() -> None:
    assert find_cycles(import_graph(with_type_checking=True)) == []
