"""Small folders to load."""

from __future__ import annotations

from pathlib import Path

from kb.load_report import LoadReport


def entry(title: str, *lines: str, kind: str = "lesson", body: str = "Text.") -> str:
    """A Markdown file with further lines of front matter."""
    return "\n".join(["---", f"kind: {kind}", f"title: {title}", *lines, "---", "", body, ""])


def write(folder: Path, files: dict[str, str]) -> Path:
    """Writes the files, given by name, and returns the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def write_mixed(folder: Path) -> Path:
    """A folder with a record or two in each format."""
    return write(
        folder,
        {
            "a.md": entry("A"),
            "deep/er/b.md": entry("B", "id: L-0020"),
            "more.jsonl": '{"kind": "review", "title": "C"}\n',
            "projects.csv": "title,size\nD,1\nE,2\n",
        },
    )


def counts(report: LoadReport) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, failed."""
    return report.created, report.updated, report.unchanged, report.failed
