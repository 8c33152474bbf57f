"""Metrics as whoever watches the service reads them."""

import httpx2

TOKEN = "a token for tests only"


def asked(port: int) -> str:
    """What is shown on a port to who has the token, nothing while nobody listens."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        answer = httpx2.get(f"http://127.0.0.1:{port}/metrics", headers=headers)
    except httpx2.TransportError:
        return ""
    assert answer.status_code == 200
    return answer.text
