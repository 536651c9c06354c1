"""The SQL that a dump is made of, and the rows in it."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.backups.errors import BadBackup
from kb.backups.postgres_programs import complaint, program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SCHEMA = "public"
# The schema itself is there already and may belong to somebody else; older servers do not know the setting.
_LEFT_OUT = (b"CREATE SCHEMA public;", b"COMMENT ON SCHEMA public ", b"SET transaction_timeout = ")


@dataclass
class Script:
    """A dump as SQL. `counts` are the rows of each table that have gone by."""

    dump: Path
    counts: dict[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[bytes]:
        """The lines, but for those that would not do in another database.

        Raises BadBackup when pg_restore is not there or, at the end, when the dump is broken.
        """
        command = [program("pg_restore", BadBackup), "--file=-", "--no-owner", "--no-privileges"]
        with tempfile.TemporaryFile() as said:
            with subprocess.Popen(  # noqa: S603
                [*command, str(self.dump)], stdout=subprocess.PIPE, stderr=said
            ) as process:
                yield from self._counted(process.stdout or ())
            said.seek(0)
            if process.returncode != 0:
                raise BadBackup(f"The dump in the backup cannot be read: {complaint(said.read())}")

    def check(self, counts: dict[str, int]) -> None:
        """Raises BadBackup unless as many rows of each table went by."""
        if self.counts != counts:
            tables = sorted({*self.counts, *counts})
            wrong = next(table for table in tables if self.counts.get(table) != counts.get(table))
            raise BadBackup(f"The dump does not hold the rows that were counted, first in {wrong}.")

    def _counted(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        table = None
        for line in lines:
            if table is not None:
                if line == b"\\.\n":
                    table = None
                else:
                    self.counts[table] += 1
            elif line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
                name = line.split(b" ", 2)[1].decode()
                table = name.removeprefix(f"{SCHEMA}.").strip('"')
                self.counts[table] = 0
            elif line.startswith(_LEFT_OUT):
                continue
            yield line


def check(dump: Path, counts: dict[str, int]) -> None:
    """Reads a whole dump. Raises BadBackup when it is broken or does not hold these rows."""
    script = Script(dump)
    for _ in script.lines():
        pass
    script.check(counts)
