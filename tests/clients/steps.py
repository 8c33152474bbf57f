"""What the tours have in common. `service_client` is what openapi-python-client generates."""

import sys
from typing import Final, TypeVar

from service_client import AuthenticatedClient, Client
from service_client.api.auth import auth_issue_tokens, auth_register
from service_client.models import Problem, Registration, TokenForm, TokenPair
from service_client.types import Response

Answer = TypeVar("Answer")

ADDRESS: Final = sys.argv[1]
PASSWORD: Final = "correct horse battery"

anonymous: Final = Client(base_url=ADDRESS)


def answer_of(response: Response[Answer | Problem]) -> Answer:
    """Return the answer to a request that the service did."""
    assert not isinstance(response.parsed, Problem), response.parsed
    assert response.parsed is not None, response
    return response.parsed


def problem_of(response: Response[Answer | Problem], status: int, code: str) -> Problem:
    """Return the problem of a request that the service refused."""
    assert isinstance(response.parsed, Problem), response
    assert (response.status_code, response.parsed.code) == (status, code), response
    return response.parsed


def register(email: str) -> None:
    account = Registration(email=email, password=PASSWORD, full_name="Ana Example")
    registered = answer_of(auth_register.sync_detailed(client=anonymous, body=account))
    assert registered.status == "pending_verification"


def tokens_for(form: TokenForm) -> TokenPair:
    answer = auth_issue_tokens.sync(client=anonymous, body=form)
    assert isinstance(answer, TokenPair), answer
    return answer


def signed_in(email: str) -> AuthenticatedClient:
    """Register, sign in, and return a client that sends the access token."""
    register(email)
    tokens = tokens_for(TokenForm(username=email, password=PASSWORD))
    return AuthenticatedClient(base_url=ADDRESS, token=tokens.access_token)
