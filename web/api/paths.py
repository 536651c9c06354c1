"""/api/v1/paths: learning paths as files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb.content import to_json
from kb.errors import EditConflict
from kb.learning import packaging, path_files
from kb.learning.path_reading import read_path
from web.api.desk_models import WorkAnswer
from web.api.desk_table import FIRST
from web.api.drafts import made, overtaken
from web.api.operations import Operation, Reply
from web.entries import checked_ref
from web.identity import origin
from web.parameters import Parameters
from web.paths import package_file, text_file
from web.services import services

if TYPE_CHECKING:
    from flask import Response

    from web.parameters import NoParameters


class BringParameters(Parameters):
    """What becomes of the file."""

    becomes: Annotated[
        Literal["path", "revision"],
        Field(description="A new path, or the next revision of the one that the file names."),
    ] = "path"


def path_text(_: NoParameters, path: str) -> Response:
    """The published path as one Markdown file that people can read and edit."""
    return text_file(checked_ref(path))


def path_package(_: NoParameters, path: str) -> Response:
    """The published path as a package for learning systems: a course structure, and a page for each step that
    is open to whoever calls. The audit log says who took it.
    """
    return package_file(checked_ref(path))


def bring_path(parameters: BringParameters, data: bytes) -> Reply:
    """The body is a path as Markdown, as the call that reads it gives it; it becomes a draft. What is wrong
    is named by its line.
    """
    try:
        saved = path_files.bring_path(
            services().database, origin(), data, revises=parameters.becomes == "revision"
        )
    except EditConflict as error:
        raise overtaken(error, to_json(read_path(data).content)) from None
    return replace(made(saved), location=f"/drafts/{saved.ref}")


PATHS = (
    Operation("GET", "/paths/<path>/text", path_text, None, "Take a learning path away as Markdown",
              media=(path_files.MEDIA,)),
    Operation("GET", "/paths/<path>/package", path_package, None,
              "Take a learning path away as a cmi5 package",
              media=(packaging.MEDIA,)),
    Operation("POST", "/paths", bring_path, WorkAnswer, "Bring a learning path as Markdown", BringParameters,
              action="contribute", takes=path_files.MEDIA, may_miss=True,
              conflict=FIRST),
)  # fmt: skip
"""The calls about paths as files."""
