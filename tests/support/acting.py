"""Which functions and tables of the services are used by the services themselves.

A rule that only tests call acts nowhere. A definition at the top of a module is *used* when something that runs refers
to it: a statement of a module, a function that is decorated (a route, a command), an entry point of a distribution, or
a definition that is used itself. A reference is followed through the imports: two functions of one name are two.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ENTRY = re.compile(r'= "([\w.]+):(\w+)"')
BY_NAME = ("build_api", "build_worker", "PROGRAMME")
"""What is looked up by its name: by uvicorn in the module `main` of a service, by `applications.programme.load`."""

Definition = tuple[str, str]
"""The module and the name."""


def unused(sources: Mapping[str, str], entries: Iterable[Definition]) -> set[Definition]:
    """The definitions of the modules (dotted name: source) that nothing uses which runs."""
    modules = {name: _Module(name, ast.parse(source), sources) for name, source in sources.items()}
    uses: dict[Definition, set[Definition]] = {}
    live = set(entries)
    for module in modules.values():
        for name, node, runs in module.parts:
            found = {_follow(one, modules) for one in module.references(node)}
            if name:
                uses.setdefault((module.name, name), set()).update(found)
            if runs:
                live |= found | ({(module.name, name)} if name else set())
    waiting = list(live)
    while waiting:
        for one in uses.get(waiting.pop(), set()) - live:
            live.add(one)
            waiting.append(one)
    return set(uses) - live


def idle(root: Path) -> set[tuple[str, str]]:
    """The same of all services and of what they share, each as its path below `root` and its name."""
    sources: dict[str, str] = {}
    paths: dict[str, str] = {}
    entries: set[Definition] = set()
    for top in (*root.glob("services/*/src"), *root.glob("shared/*/src")):
        entries.update(ENTRY.findall((top.parent / "pyproject.toml").read_text()))
        for file in top.rglob("*.py"):
            module = ".".join(file.relative_to(top).with_suffix("").parts).removesuffix(".__init__")
            sources[module], paths[module] = file.read_text(), str(file.relative_to(root))
    return {(paths[module], name) for module, name in unused(sources, entries)}


def _follow(one: Definition, modules: Mapping[str, "_Module"]) -> Definition:
    """Where a name is defined that a module only hands on (`from .x import name`)."""
    seen = set()
    while (module := modules.get(one[0])) and one[1] in module.imported and one not in seen:
        seen.add(one)
        one = module.imported[one[1]]
    return one


class _Module:
    def __init__(self, name: str, tree: ast.Module, modules: Mapping[str, str]) -> None:
        self.name = name
        self.imported: dict[str, Definition] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = (node.module, alias.name)
        self.all_modules = modules
        self.parts = list(_parts(tree))
        self.defined = {name for name, _, _ in self.parts if name}

    def references(self, node: ast.AST) -> Iterator[Definition]:
        for one in ast.walk(node):
            match one:
                case ast.Attribute(value=ast.Name(id=alias), attr=name) if alias in self.imported:
                    target = ".".join(self.imported[alias])
                    if target in self.all_modules:
                        yield target, name
                case ast.Name(id=name, ctx=ast.Load()) if name in self.defined:
                    yield self.name, name
                case ast.Name(id=name) if name in self.imported:
                    yield self.imported[name]


def _parts(tree: ast.Module) -> Iterator[tuple[str, ast.AST, bool]]:
    """(name or "", node, whether it runs without anybody's reference) for each statement at the top."""
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node, bool(node.decorator_list) or node.name in BY_NAME
            case ast.ClassDef():
                yield node.name, node, any(one.arg == "table" for one in node.keywords)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name, node, name in BY_NAME
            case _:
                yield "", node, True
