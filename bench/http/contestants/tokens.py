"""The token check of a manual: PyJWT, at each request."""

from uuid import UUID

import jwt

from bench.http.contestants.common import ISSUER, key


def user_of(authorization: str | None) -> UUID | None:
    """Return whom a header of the form `Bearer …` speaks for; None if for nobody."""
    token = (authorization or "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, key(), algorithms=["HS256"], audience=ISSUER, issuer=ISSUER)
    except jwt.InvalidTokenError:
        return None
    return UUID(claims["sub"])
