"""Reading a stranger's document in a process of its own: bounded in time, memory and output, without network.

The process gets no secrets (its environment is ours to choose), writes no files but its output, and ends with
all that it started. Whatever it does, whoever called goes on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kb.importing.document import Document, Picture, Unreadable
from kb.importing.worker import REFUSED, TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 60
PICTURE_SECONDS = 20
MEMORY_MIB = 1024
MAX_UPLOAD = 25_000_000
"""Bytes of a document."""
MAX_OUTPUT_MIB = 64
# The shell sets the limits before it becomes the program: unlike a function that runs between fork and
# exec, that is safe in a server with threads. macOS knows no limit on address space, so it may refuse one.
_LIMITED = (
    'ulimit -t "$1"; ulimit -v "$2" 2>/dev/null; ulimit -f "$3"; ulimit -n 64; ulimit -c 0; '
    'shift 3; exec "$@"'
)


WORKER, PICTURE_WORKER = "kb.importing.worker", "kb.importing.picture_worker"


@dataclass(frozen=True)
class Ended:
    """What a process did that read a stranger's file."""

    status: int | None
    """None when its time was up."""
    made: bytes
    said: str
    """The beginning of what it complained of."""


def run_apart(
    module: str,
    arguments: Sequence[str],
    data: bytes,
    *,
    seconds: int = SECONDS,
    memory_mib: int = MEMORY_MIB,
) -> Ended:
    """Runs a module of ours on the bytes, apart and within the limits. Raises Unreadable where none runs."""
    with tempfile.TemporaryDirectory(prefix="precedent-reading-") as folder:
        files = [Path(folder) / part for part in ("in", "out", "said")]
        files[0].write_bytes(data)
        with files[0].open("rb") as given, files[1].open("w+b") as made, files[2].open("w+b") as said:
            command = _command(module, arguments, seconds, memory_mib)
            status = _run(command, folder, (given, made, said), seconds)
            made.seek(0)
            said.seek(0)
            return Ended(status, made.read(), said.read(10_000).decode("utf-8", "replace").strip())


def read_document(
    name: str,
    data: bytes,
    *,
    seconds: int = SECONDS,
    memory_mib: int = MEMORY_MIB,
    worker: str = WORKER,
) -> Document:
    """The document of a file. Raises Unreadable, in words."""
    if len(data) > MAX_UPLOAD:
        raise Unreadable(
            f"The file is {len(data) / 1e6:,.1f} MB; at most {MAX_UPLOAD / 1e6:.0f} MB are read. "
            "Split it, or make its pictures smaller."
        )
    return _outcome(run_apart(worker, [name], data, seconds=seconds, memory_mib=memory_mib), seconds)


def read_picture(data: bytes) -> Picture:
    """A picture, encoded anew. Raises Unreadable, in words."""
    document = read_document("picture", data, seconds=PICTURE_SECONDS, worker=PICTURE_WORKER)
    if not document.pictures:
        raise Unreadable("The picture could not be read.")
    return document.pictures[0]


def _outcome(ended: Ended, seconds: int) -> Document:
    status, said = ended.status, ended.said
    if status == 0:
        try:
            return Document.from_bytes(ended.made)
        except ValueError:
            raise Unreadable(
                "The document could not be read: the process that reads it was confused."
            ) from None
    if status == REFUSED and said:
        raise Unreadable(said)
    if status is None or -signal.SIGXCPU in {status, _signalled(status)}:
        raise Unreadable(
            f"The document takes longer than {seconds} seconds to read, so reading was given up. "
            "Split it, or save it as another kind of file."
        )
    if "MemoryError" in said or "bad_alloc" in said or "annot allocate memory" in said:
        raise Unreadable(TOO_LARGE)
    raise Unreadable("The document is damaged, or of a kind that breaks the program that reads it.")


def _signalled(status: int) -> int:
    """The signal that ended a shell's child, as a negative number."""
    return 128 - status if status > 128 else 0


def _command(module: str, arguments: Sequence[str], seconds: int, memory_mib: int) -> list[str]:
    limits = [str(seconds), str(memory_mib * 1024), str(MAX_OUTPUT_MIB * 2048)]
    program = [sys.executable, "-P", "-B", "-m", module, *arguments]
    return ["/bin/sh", "-c", _LIMITED, "sh", *limits, *without_network(), *program]


def _run(
    command: list[str], folder: str, files: tuple[IO[bytes], IO[bytes], IO[bytes]], seconds: int
) -> int | None:
    """The exit status; None when time was up. What the process started ends with it."""
    given, made, said = files
    try:
        process = subprocess.Popen(  # noqa: S603 - the arguments are ours; the name is only looked at
            command, stdin=given, stdout=made, stderr=said, cwd=folder, env=_environment(folder),
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Unreadable(f"Documents cannot be read here at the moment: {error.strerror}.") from None
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _environment(folder: str) -> dict[str, str]:
    ours = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [ours, os.environ.get("PYTHONPATH")]))
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    return kept | {
        "PYTHONPATH": path,
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
    }


@cache
def without_network() -> tuple[str, ...]:
    """What starts a program in a network with nobody else in it; empty where the kernel allows none."""
    program = shutil.which("unshare")
    if program is None:
        return ()
    command = (program, "--user", "--map-root-user", "--net", "--")
    try:
        done = subprocess.run([*command, "true"], capture_output=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return command if done.returncode == 0 else ()
