"""Running a converter as a process of its own, with limits on time, memory and output."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from kb.errors import KbError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 60
MEMORY_MIB = 1024
MEGABYTE = 1024 * 1024
# The shell sets the limits before it becomes the program: unlike a function that runs between fork and
# exec, that is safe in a server with threads. macOS knows no limit on address space, so it may refuse one.
_LIMITED = 'ulimit -t "$1"; ulimit -v "$2" 2>/dev/null; ulimit -c 0; shift 2; exec "$@"'


class ConversionFailed(KbError):
    """A document could not be converted."""


def run(
    arguments: Sequence[str],
    data: bytes,
    *,
    environment: Mapping[str, str] | None = None,
    seconds: int = SECONDS,
    memory_mib: int = MEMORY_MIB,
) -> bytes:
    """What the program writes when it is given `data`. Raises ConversionFailed, in words."""
    command = ["/bin/sh", "-c", _LIMITED, "sh", str(seconds), str(memory_mib * 1024), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are ours
            command, input=data, capture_output=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        raise ConversionFailed(f"The document takes longer than {seconds} seconds to make.") from None
    except OSError as error:
        raise ConversionFailed(f"The converter cannot be started: {error.strerror}.") from None
    if done.returncode != 0:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        words = why[-1][:300] if why else "it needs more memory or time than it may have"
        raise ConversionFailed(f"The document cannot be made: {words}.".replace("..", "."))
    return done.stdout
