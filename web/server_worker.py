"""The worker of the web server: its own answers carry our headers, spare memory goes back, counts stay."""

from __future__ import annotations

from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from web.headers import FIXED
from web.memory import Spare, settle
from web.services import EXTENSION

POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_LINES = "".join(
    f"{name}: {value}\r\n" for name, value in ({"Content-Security-Policy": POLICY} | FIXED).items()
).encode()


class Worker(ThreadWorker):  # type: ignore[misc]
    """Answers what is no request of HTTP, and so reaches no application, under a policy all the same; keeps
    no memory that it does not need, and stores what it counted last before it stops.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._spare = Spare()

    def notify(self) -> None:
        """Says every second that it is alive."""
        super().notify()
        self._spare.give_back()

    def run(self) -> None:
        """Answers until it is told to stop."""
        settle()
        super().run()
        usage = self.wsgi.extensions[EXTENSION].usage
        if usage is not None:
            usage.flush(everything=True)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Says to the client what is wrong."""
        super().handle_error(req, _Answering(client), addr, exc)


class _Answering:
    """A connection that adds our headers to the one answer that is sent over it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def sendall(self, data: bytes) -> None:
        """Sends the answer, with the headers behind its first line."""
        first, end, rest = data.partition(b"\r\n")
        self._connection.sendall(first + end + _LINES + rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
