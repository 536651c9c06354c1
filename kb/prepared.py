"""Statements whose text and result types are worked out once, for what every search asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Dialect, Select


class Prepared:
    """A SELECT as the driver takes it, its parameters by place.

    SQLAlchemy needs a millisecond around a statement that SQLite answers in a tenth of one.
    """

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self._names: Sequence[str] = getattr(compiled, "positiontup", None) or ()
        self._constants = {name: bind.value for name, bind in compiled.binds.items()}
        self._readers: list[tuple[int, Callable[[Any], Any]]] = []
        for place, column in enumerate(statement.selected_columns):
            reader = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if reader is not None:
                self._readers.append((place, reader))

    def parameters(self, values: Mapping[str, object]) -> list[object]:
        """In the order of the text; what is not among the values is a constant of the statement."""
        return [values.get(name, self._constants[name]) for name in self._names]

    def typed(self, rows: Iterable[Sequence[object]]) -> list[list[Any]]:
        """The driver's rows with values of the columns' types."""
        found = [list(row) for row in rows]
        for row in found:
            for place, reader in self._readers:
                row[place] = reader(row[place])
        return found
