"""What browsers are given to keep: every cookie is closed to scripts, other sites and plain HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g

from web.services import services

if TYPE_CHECKING:
    from flask import Response


def set_cookie(name: str, value: str | None, seconds: int | None = None) -> None:
    """The answer gives the browser a cookie, for so long or until it is closed, or takes it away."""
    _outgoing()[name] = (value, seconds)


def given_cookie(name: str) -> str | None:
    """What the answer gives under this name."""
    return _outgoing().get(name, (None, None))[0]


def gives_cookies() -> bool:
    """Whether the answer gives or takes any: then it is for one browser only."""
    return bool(_outgoing())


def send_cookies(response: Response) -> Response:
    """Writes them into the answer."""
    secure = services().settings.is_secure
    for name, (value, seconds) in _outgoing().items():
        if value is None:
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
        else:
            response.set_cookie(
                name, value, path="/", max_age=seconds, secure=secure, httponly=True, samesite="Lax"
            )
    return response


def _outgoing() -> dict[str, tuple[str | None, int | None]]:
    if "cookies" not in g:
        g.cookies = {}
    return g.cookies  # type: ignore[no-any-return]
