"""A procedure in a folder of its own, with a module it imports, and data."""

from pathlib import Path

from tiny import PROCEDURE


def package(folder: Path, title: str = "levels") -> Path:
    """Write the tiny procedure as a package, and return its file."""
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "names.py").write_text(
        "from pathlib import Path\nTITLE = (Path(__file__).parent / 'data' / 'title.txt').read_text()\n"
    )
    (folder / "data" / "title.txt").write_text(title)
    text = PROCEDURE.read_text().replace('en="Comparison"', "en=TITLE")
    text = text.replace("from tiny import", "from .names import TITLE\nfrom tiny import")
    (folder / "compare.py").write_text(text)
    return folder / "compare.py"
