"""Reads metrics as a scraper does."""

import httpx2

TOKEN = "a token for tests only"


def asked(port: int) -> str:
    """Return what a port shows to a client with the token; an empty text if nothing listens."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        answer = httpx2.get(f"http://127.0.0.1:{port}/metrics", headers=headers)
    except httpx2.TransportError:
        return ""
    assert answer.status_code == 200
    return answer.text
