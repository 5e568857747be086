"""Reads the import graph: rooms are used one way, each library has its place."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

# Left is used by right.
ROOMS = {
    "fairness": [
        "errors",
        "writing",
        "frames",
        "groups",
        "counts",
        "metrics",
        "inference",
        "findings",
        "checks",
        "models",
        "policy",
        "remedies",
        "evidence",
        "reports",
        "auditing",
    ],
    "pipelines": [
        "crm",
        "consent",
        "features",
        "rules",
        "segmentation",
        "targeting",
        "funnel",
        "campaign",
        "release",
        "notices",
        "security",
        "gate",
        "batch",
        "demo",
        "cli",
    ],
}

# Where a library may be imported: rooms or files.
PLACES = {
    "narwhals": [
        "fairness/frames",
        "pipelines/crm",
        "pipelines/consent",
        "pipelines/features",
        "pipelines/rules",
        "pipelines/segmentation",
        "pipelines/targeting",
        "pipelines/funnel",
        "pipelines/campaign",
    ],
    "sqlglot": ["pipelines/rules"],
    "ibis": ["fairness/frames"],
    "cryptography": ["fairness/evidence"],
    "duckdb": ["fairness/frames"],
    "polars": [],
    "pandas": [
        "fairness/frames",
        "fairness/remedies",
        "fairness/reports",
        "fairness/auditing",
        "pipelines/targeting",
    ],
    "matplotlib": ["fairness/reports"],
    "fairlearn": [
        "fairness/remedies",
        "pipelines/segmentation",
        "pipelines/targeting",
    ],
    "sklearn": [
        "fairness/models",
        "fairness/remedies",
        "pipelines/segmentation",
        "pipelines/targeting",
        "pipelines/gate/estimator",
    ],
    "statsmodels": [],
}

# Where its types may be named, under TYPE_CHECKING: the facade returns them.
TYPES = {
    "matplotlib": ["fairness/auditing"],
    "fairlearn": ["fairness/auditing"],
    "pandas": ["pipelines/campaign", "pipelines/release"],
}

# So slow to load that only the function that needs them may.
HEAVY = {"pandas", "matplotlib", "fairlearn", "sklearn"}

# Its class has a base of scikit-learn's; the file is loaded only where it is asked for.
DERIVED = {("pipelines/gate/estimator.py", "sklearn")}

LONGEST = 600

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

MODULE_NAME = re.compile(r"((fairness|pipelines)\.(\w+)(?:\.\w+)*)\.?\Z")


class Import(NamedTuple):
    line: int
    module: str
    when: str  # "import" of the file, "call" of a function, "types" for the checker


def module_of(path):
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def guards_types(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def walk(node, when="import"):
    """Yield every node below, and when it runs."""
    yield node, when
    for name, value in ast.iter_fields(node):
        inside = when
        if name == "body" and guards_types(node):
            inside = "types"
        elif name == "body" and isinstance(node, FUNCTIONS) and when == "import":
            inside = "call"
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from walk(child, inside)


def absolute(name, level, package):
    if not level:
        return name
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])


def from_statement(node, package):
    """Name the module, and where the names are rooms or modules of ours, those."""
    module = absolute(node.module or "", node.level, package)
    names = [f"{module}.{alias.name}" for alias in node.names]
    if module in ROOMS:
        return [name for name in names if not name.rsplit(".", 1)[1].startswith("__")]
    return [module]


def late_module(node, package):
    """Read the argument of import_module or __import__ where it is written out."""
    called = getattr(node.func, "attr", getattr(node.func, "id", None))
    if called not in {"import_module", "__import__"} or not node.args:
        return None
    first = node.args[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    name = first.value.lstrip(".")
    return absolute(name, len(first.value) - len(name), package)


def named_in_text(text):
    """Read a text that is a module of ours: names handed out lazily have such homes."""
    match = MODULE_NAME.match(text)
    return [match[1]] if match and match[3] in ROOMS[match[2]] else []


def read_imports(source, path):
    package = module_of(path)
    seen = set()
    if path.name != "__init__.py":
        package = package.rpartition(".")[0]
    for node, when in walk(ast.parse(source)):
        found = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found = from_statement(node, package)
        elif isinstance(node, ast.Call):
            found = [late_module(node, package)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = named_in_text(node.value)
        seen.update(Import(node.lineno, name, when) for name in found if name)
    return sorted(seen)


def files_of(root):
    for package in ROOMS:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root), path.read_text(encoding="utf-8")


def backward_arrows(root):
    for path, source in files_of(root):
        package, _, room = module_of(path).partition(".")
        room = room.split(".")[0]
        rooms = ROOMS[package]
        for line, module, _ in read_imports(source, path):
            other, _, used = module.partition(".")
            used = used.split(".")[0]
            where = f"{path}:{line}"
            if package == "fairness" and other == "pipelines":
                yield f"{where}: `fairness` may not know `pipelines`, uses '{module}'"
            elif other != package or not room or room not in rooms:
                continue
            elif used not in rooms:
                yield (
                    f"{where}: '{module}' is taken from the front door of '{package}';"
                    " a room takes it from the room that has it"
                )
            elif rooms.index(used) > rooms.index(room):
                yield (
                    f"{where}: '{room}' uses '{used}', which is to the right of it in"
                    f" {' ◄ '.join(rooms)}"
                )


def unlisted_rooms(root):
    for package, rooms in ROOMS.items():
        for path in sorted((root / package).iterdir()):
            is_code = path.suffix == ".py" or (
                path.is_dir() and any(path.rglob("*.py"))
            )
            if is_code and path.stem not in {"__init__", "__pycache__", *rooms}:
                yield (
                    f"{package}/{path.name} is no room of this house. Add '{path.stem}'"
                    f" to ROOMS['{package}'] in tests/test_architecture.py and to"
                    " CONTRIBUTING.md, to the right of every room that it uses"
                )


def is_in(path, place):
    name = path.with_suffix("").as_posix()
    return name == place or name.startswith(f"{place}/")


def misplaced_libraries(root):
    for path, source in files_of(root):
        for line, module, when in read_imports(source, path):
            library = module.split(".")[0]
            if library not in PLACES:
                continue
            places = PLACES[library]
            if when == "types":
                places = places + TYPES.get(library, [])
            if not any(is_in(path, place) for place in places):
                allowed = ", ".join(places) or "nowhere"
                yield f"{path}:{line}: {library} is imported; allowed: {allowed}"
            elif (path.as_posix(), library) in DERIVED:
                continue
            elif library in HEAVY and when == "import":
                yield (
                    f"{path}:{line}: {library} is heavy; import it inside the function"
                    " that needs it"
                )


def long_files(root):
    for package in ROOMS:
        for path in sorted((root / package).rglob("*")):
            if not path.is_file() or path.suffix == ".pyc":
                continue
            lines = path.read_bytes().count(b"\n")
            if lines > LONGEST:
                yield (
                    f"{path.relative_to(root)} has {lines} lines, more than {LONGEST}:"
                    " look for the seam"
                )


CHECKS = [backward_arrows, unlisted_rooms, misplaced_libraries, long_files]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_this_tree_has_no(check):
    assert list(check(ROOT)) == []


@pytest.fixture
def house(tmp_path):
    """Build a tree out of paths and texts; what is not named is empty and sound."""

    def build(files):
        for package in ROOMS:
            (tmp_path / package).mkdir(exist_ok=True)
            (tmp_path / package / "__init__.py").touch()
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return build


SOUND = {
    "fairness/errors.py": "",
    "fairness/counts/table.py": """
from typing import TYPE_CHECKING
import numpy
from fairness import __version__, errors
from fairness.frames import scan
from . import kernel
from ..groups import bands
LAZY = {"one": "fairness.counts.kernel"}
""",
    "fairness/auditing.py": "def frame():\n    import pandas\n",
    "pipelines/cli.py": "import fairness\nfrom fairness import audit\nimport pipelines.crm",
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_tree_has_no(check, house):
    assert list(check(house(SOUND))) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("fairness/frames/lazy.py", "from fairness.groups import Bands"),
        ("fairness/frames/lazy.py", "from fairness import groups"),
        ("fairness/frames/lazy.py", "import fairness.groups.bands as bands"),
        ("fairness/frames/lazy.py", "from ..groups import Bands"),
        ("fairness/frames/lazy.py", "from .. import groups"),
        (
            "fairness/frames/lazy.py",
            "def late():\n    from fairness.groups import Bands",
        ),
        (
            "fairness/frames/lazy.py",
            "import typing\nif typing.TYPE_CHECKING:\n    import fairness.groups.bands",
        ),
        (
            "fairness/frames/lazy.py",
            "from importlib import import_module\nimport_module('fairness.groups')",
        ),
        (
            "fairness/frames/lazy.py",
            "import importlib\nimportlib.import_module('..groups', __package__)",
        ),
        ("fairness/frames/lazy.py", "HOME = {'Bands': 'fairness.groups.bands'}"),
        (
            "fairness/frames/lazy.py",
            "def home(name):\n    return f'fairness.groups.{name}'",
        ),
        ("fairness/frames/lazy.py", "from fairness import audit"),
        ("fairness/errors.py", "from fairness.auditing import audit"),
        ("fairness/errors.py", "import pipelines"),
        ("fairness/__init__.py", "from pipelines.crm import tables"),
        ("pipelines/crm/tables.py", "from pipelines.cli import main"),
        ("pipelines/segmentation.py", "from pipelines import targeting"),
        ("pipelines/funnel.py", "import pipelines.gate"),
    ],
)
def test_an_arrow_that_runs_backwards_is_found(file, text, house):
    (found,) = backward_arrows(house(SOUND | {file: text}))
    assert found.startswith(f"{file}:{len(text.splitlines())}: ")


@pytest.mark.parametrize("file", ["fairness/scoring.py", "pipelines/mail/sender.py"])
def test_a_new_room_has_to_be_listed(file, house):
    (found,) = unlisted_rooms(house({file: ""}))
    assert "Add '" in found
    assert "tests/test_architecture.py" in found


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("fairness/counts/eager.py", "import narwhals.selectors as s"),
        ("fairness/groups.py", "from narwhals import col"),
        ("pipelines/crm/bench.py", "def write():\n    import duckdb"),
        ("fairness/frames/eager.py", "import polars"),
        ("pipelines/crm/tables.py", "def read():\n    import pandas"),
        ("fairness/groups/bands.py", "def read():\n    from pandas import DataFrame"),
        ("fairness/findings.py", "import importlib\nimportlib.import_module('pandas')"),
        ("fairness/auditing.py", "def show():\n    import matplotlib.pyplot"),
        ("fairness/auditing.py", "def fit():\n    import fairlearn.metrics"),
        ("pipelines/campaign.py", "def fit():\n    from sklearn.cluster import KMeans"),
        ("fairness/inference/power.py", "def power():\n    import statsmodels.api"),
    ],
)
def test_a_library_out_of_its_place_is_found(file, text, house):
    (found,) = misplaced_libraries(house({file: text}))
    assert "allowed: " in found


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("fairness/auditing.py", "import pandas as pd"),
        ("fairness/reports/plots.py", "from matplotlib import pyplot"),
        ("fairness/remedies.py", "class Bridge:\n    import fairlearn"),
        (
            "pipelines/targeting.py",
            "try:\n    import sklearn\nexcept ImportError:\n    ...",
        ),
    ],
)
def test_a_heavy_library_is_imported_only_inside_functions(file, text, house):
    (found,) = misplaced_libraries(house({file: text}))
    assert "inside the function" in found


@pytest.mark.parametrize("library", ["pandas", "matplotlib.axes", "fairlearn.metrics"])
def test_the_facade_may_name_types_without_loading_them(library, house):
    text = (
        f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {library}\n"
    )
    assert not list(misplaced_libraries(house({"fairness/auditing.py": text})))
    assert list(misplaced_libraries(house({"fairness/findings.py": text})))


def test_a_file_too_long_to_read_is_found(house):
    tree = house({"fairness/counts/table.py": "x = 1\n" * (LONGEST + 1)})
    (found,) = long_files(tree)
    assert found.startswith(f"fairness/counts/table.py has {LONGEST + 1} lines")
