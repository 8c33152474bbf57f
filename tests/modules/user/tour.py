"""Sign in, read and change the account, and sign out."""

from typing import Final

from service_client import AuthenticatedClient
from service_client.api.account import account_get, account_update
from service_client.api.auth import auth_issue_tokens
from service_client.api.sessions import sessions_list, sessions_sign_out
from service_client.models import (
    ProfileChanges,
    TokenError,
    TokenErrorError,
    TokenForm,
    TokenFormGrantType,
)
from service_client.types import Unset
from steps import ADDRESS, PASSWORD, anonymous, answer_of, problem_of, register, tokens_for

EMAIL: Final = "python@example.com"

register(EMAIL)

# RFC 6749, section 5.2
wrong = TokenForm(username=EMAIL, password="wrong horse battery")
refused = auth_issue_tokens.sync(client=anonymous, body=wrong)
assert isinstance(refused, TokenError), refused
assert refused.error is TokenErrorError.INVALID_GRANT
assert refused.code == "invalid_credentials"

pair = tokens_for(TokenForm(username=EMAIL, password=PASSWORD))
renewal = TokenForm(grant_type=TokenFormGrantType.REFRESH_TOKEN, refresh_token=pair.refresh_token)
tokens = tokens_for(renewal)
client = AuthenticatedClient(base_url=ADDRESS, token=tokens.access_token)

account = answer_of(account_get.sync_detailed(client=client))
assert (account.email, account.version) == (EMAIL, 1)
[session] = answer_of(sessions_list.sync_detailed(client=client)).items
assert session.is_current

name = ProfileChanges(full_name="Ana Maria Example")
changed = account_update.sync_detailed(client=client, body=name, if_match='"1"')
assert changed.headers["etag"] == '"2"'
assert answer_of(changed).full_name == name.full_name
stale = account_update.sync_detailed(client=client, body=name, if_match='"1"')
problem_of(stale, 412, "stale_version")

too_long = ProfileChanges(full_name="x" * 1000)
answer = account_update.sync_detailed(client=client, body=too_long, if_match='"2"')
problem = problem_of(answer, 422, "invalid")
assert not isinstance(problem.errors, Unset)
assert [(error.pointer, error.code) for error in problem.errors] == [("/full_name", "too_long")]

assert sessions_sign_out.sync_detailed(client=client).status_code == 204
problem_of(account_get.sync_detailed(client=client), 401, "unauthenticated")
