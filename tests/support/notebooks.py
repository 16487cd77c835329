"""The reference notebooks: their rules, and one command that writes their outputs anew.

    python tests/support/notebooks.py [NOTEBOOK...]

runs each notebook from its first cell to its last, offline, and replaces it as a whole; nothing is
left in the file that differs from one run to the next. `problems` tells what a notebook must not
be; the tests ask it, and so does the command before it writes.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
from nbformat import NotebookNode

__all__ = ["FOLDER", "NOTEBOOKS", "code_lines", "executed", "kernel_environment", "problems"]

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = tuple(sorted(FOLDER.glob("*.ipynb")))

MOST_CELLS, MOST_LINES = 20, 60
WIDEST = 96  # characters of code that a laptop shows beside JupyterLab's side bar
# What a reader of the notebooks has installed anyway, and nothing that reaches out.
ALLOWED = {"sectypes", "pandas", "numpy", "datetime", "pathlib", "tempfile", "warnings"}
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_ADDRESS = re.compile(r"\b(?:https?|ftp|s3)://")
LEAKS = {
    "a key": r"(?i)api_?key\s*[=:]\s*[\"']?\w{6,}|\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9]{24,}\b",
    "a password": r"://[^\s/:@]+:[^\s/@*]+@",
    "a path of the machine": r"(?<![\w.])/(?:home|root|tmp|Users|var|work)/\w",
    "an address in memory": r"\b0x[0-9a-fA-F]{6,}\b",
    "a port": r"(?:127\.0\.0\.1|localhost):\d+",
}

OFFLINE = """
import sys


def refuse_the_network(event, args):
    # A RuntimeError, because an OSError would pass for an outage and be dealt with.
    if event == "socket.connect":
        host = args[1][0] if isinstance(args[1], tuple) else "localhost"
    elif event == "socket.getaddrinfo":
        host = args[0] or "localhost"
    else:
        return
    if host not in {"127.0.0.1", "::1", "localhost", b"127.0.0.1", b"localhost"}:
        raise RuntimeError(f"a reference notebook is offline; it asked for {host!r}")


sys.addaudithook(refuse_the_network)
del sys, refuse_the_network
"""


# --- the rules -----------------------------------------------------------------------------------


def problems(notebook: NotebookNode) -> list[str]:
    """What is wrong with a notebook as it lies there, one line each; it is not run."""
    found = [*_shape(notebook), *_metadata(notebook)]
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            told = (*_source(cell), *_outputs(cell))
            found += [f"cell {number}: {problem}" for problem in told]
        found += [f"cell {number}: {leak} is shown" for leak in _leaks(cell)]
    return found


def code_lines(notebook: NotebookNode) -> int:
    """Lines of code, without blank ones and comments."""
    lines = (line.strip() for cell in _code(notebook) for line in cell.source.splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _shape(notebook: NotebookNode) -> Iterator[str]:
    cells, code = notebook.cells, _code(notebook)
    if len(cells) > MOST_CELLS:
        yield f"{len(cells)} cells, more than {MOST_CELLS}"
    if code_lines(notebook) > MOST_LINES:
        yield f"{code_lines(notebook)} lines of code, more than {MOST_LINES}"
    title = cells[0].source.splitlines()[0] if cells and cells[0].source else ""
    if not re.fullmatch(r"# \w.*\?", title):
        yield "the title is not one question"
    kinds = [cell.cell_type for cell in cells]
    pairs = ["markdown", "code"] * len(code)
    if kinds not in (pairs, [*pairs, "markdown"]):
        yield "not one text cell before each code cell"
    if not code or not _only_imports(code[0]):
        yield "the first code cell does not only import"
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield "the cells were not run once, in order"


def _only_imports(cell: NotebookNode) -> bool:
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return False
    return all(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)


def _metadata(notebook: NotebookNode) -> Iterator[str]:
    if "widgets" in notebook.metadata:
        yield "widget state in the metadata"
    if set(notebook.metadata) - {"widgets"} != set(METADATA):
        yield f"metadata {sorted(notebook.metadata)}"
    for number, cell in enumerate(notebook.cells):
        if cell.metadata:
            yield f"cell {number}: metadata {sorted(cell.metadata)}"


def _source(cell: NotebookNode) -> Iterator[str]:
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        yield "not plain Python"
        return
    if any(len(line) > WIDEST for line in cell.source.splitlines()):
        yield f"a line of more than {WIDEST} characters"
    if "NBVAL_" in cell.source:
        yield "a marker that turns the comparison off"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield f"defines {node.name}"
        if isinstance(node, ast.Try) or (
            isinstance(node, ast.Attribute | ast.Name)
            and _last_name(node) in {"suppress", "simplefilter", "filterwarnings"}
        ):
            yield "keeps an error or a warning to itself"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {a.name for a in node.names} if isinstance(node, ast.Import) else {node.module}
            if other := {str(name).partition(".")[0] for name in names} - ALLOWED:
                yield f"imports {', '.join(sorted(other))}"
        if isinstance(node, ast.Constant) and _ADDRESS.search(str(node.value)):
            yield "an address in the network"


def _last_name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _outputs(cell: NotebookNode) -> Iterator[str]:
    imports = _only_imports(cell)
    if imports == bool(cell.outputs):
        yield "an output of an import" if imports else "no output"
    tables = 0
    for output in reversed(cell.outputs):
        if output.output_type == "error":
            yield f"an error is left in it: {output.ename}"
        if output.output_type == "stream" and output.name == "stderr":
            yield "a warning is left in it"
        data = output.get("data", {})
        if WIDGET in data:
            yield "a widget that a reader without a kernel cannot see"
        tables += "<table" in data.get("text/html", "")
        for kind in data:
            if kind.startswith("image/"):
                if not output.metadata.get(kind, {}).get("alt", "").strip():
                    yield "a picture without alternative text"
                if not tables:
                    yield "a picture without its table"
        yield from _page(data.get("text/html", ""))


def _page(page: str) -> Iterator[str]:
    for tag in re.findall(r"<img\b[^>]*>", page):
        if not re.search(r'\balt="[^"]+"', tag):
            yield "a picture in a page without alternative text"
        if not re.search(r'\bsrc="data:image/', tag):
            yield "a picture in a page that is loaded from elsewhere"
    if re.search(r"<script|<link|<iframe", page):
        yield "a page that needs scripts or files"
    if "<img" in page and "<table" not in page:
        yield "a picture in a page without its table"


def _leaks(cell: NotebookNode) -> list[str]:
    texts = [cell.source]
    for output in cell.get("outputs", ()):
        texts.append(str(output.get("text", "")))
        texts += [str(v) for k, v in output.get("data", {}).items() if k.startswith("text/")]
    text = re.sub(r"data:image/png;base64,[\w+/=]+", "", "\n".join(texts))
    return [what for what, pattern in LEAKS.items() if re.search(pattern, text)]


# --- running -------------------------------------------------------------------------------------


@contextmanager
def kernel_environment() -> Iterator[None]:
    """What a kernel that starts inside knows: nothing of the person at this machine, no network."""
    ours = ("FMP_", "SECTYPES_", "SECURITY_TYPE_", "MPL", "PYTHONWARNINGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with tempfile.TemporaryDirectory() as folder:
        startup = Path(folder, "profile_default", "startup", "00-offline.py")
        startup.parent.mkdir(parents=True)
        startup.write_text(OFFLINE, encoding="utf-8")
        changed = {"IPYTHONDIR": folder, "XDG_DATA_HOME": folder, "MPLBACKEND": "agg"}
        with patch.dict(os.environ, {**kept, **changed}, clear=True):
            yield


def executed(path: Path) -> str:
    """Run a notebook in this environment's kernel; the text of the file with its new outputs."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    for cell in _code(notebook):
        cell.outputs, cell.execution_count = [], None
    # No folder with kernels: what is left is the kernel of the interpreter that runs this.
    manager = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=300,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    with kernel_environment():
        client.execute(reset_kc=True, cleanup_kc=True)
    return _text(_cleaned(notebook))


def _cleaned(notebook: NotebookNode) -> NotebookNode:
    """Without what differs from run to run, and without what nobody can see without a kernel."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number:02d}", NotebookNode()
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(WIDGET, None)
    return notebook


def _text(notebook: NotebookNode) -> str:
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the outputs of some notebooks, or of all, anew."""
    from sectypes.files import write_whole

    bad = 0
    for path in [Path(name).resolve() for name in arguments] or NOTEBOOKS:
        text = executed(path)
        write_whole(path, text.encode())
        told: list[Any] = problems(nbformat.reads(text, as_version=4))
        bad += bool(told)
        print(path.name, *(told or ["written"]), sep="\n  ")  # noqa: T201  a command
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
