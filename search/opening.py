"""The engine of a server: it takes up the encoder when that is there again, without a restart."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from indexer.embedder import EncoderMissing, default_encoder_folder, load_embedder
from indexer.snapshot import IndexMissing
from kb.errors import DatabaseUnavailable
from kb.reading import OPERATOR
from search.engine import Engine, open_engine

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.database import Database
    from kb.reading import Reader
    from search.estimates.descriptions import Descriptions
    from search.results import Hit, SearchPage, SearchRequest
    from search.status import IndexStatus

logger = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
"""How often a missing encoder is looked for: a few questions to the file system."""


class ServedEngine:
    """The engine that searches by words while there is no encoder, and then by meaning too. Thread safe."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._engine = open_engine(settings, database)
        self._looked = time.monotonic()
        self._looking = threading.Lock()

    def search(self, request: SearchRequest, reader: Reader) -> SearchPage:
        """See `Engine.search`."""
        return self._current().search(request, reader)

    def similar(self, ref: str, reader: Reader, limit: int = 6) -> list[Hit]:
        """See `Engine.similar`."""
        return self._current().similar(ref, reader, limit)

    @property
    def descriptions(self) -> Descriptions:
        """See `Engine.descriptions`."""
        return self._current().descriptions

    @property
    def knows_meaning(self) -> bool:
        """See `Engine.knows_meaning`."""
        return self._current().knows_meaning

    def status(self, reader: Reader) -> IndexStatus:
        """See `Engine.status`."""
        return self._current().status(reader)

    def _current(self) -> Engine:
        if self._engine.embedder is None and self._looking.acquire(blocking=False):
            try:
                if time.monotonic() - self._looked >= LOOK_SECONDS:
                    self._look()
                    self._looked = time.monotonic()
            finally:
                self._looking.release()
        return self._engine

    def _look(self) -> None:
        """Goes over to the encoder once the index can be read with it: until then words find more."""
        try:
            embedder = load_embedder(self._settings.encoder or default_encoder_folder())
            engine = Engine(self._settings, self._database, embedder)
            engine.status(OPERATOR)
        except (EncoderMissing, IndexMissing, DatabaseUnavailable):
            return
        logger.warning("The text encoder is there again.")
        self._engine = engine
