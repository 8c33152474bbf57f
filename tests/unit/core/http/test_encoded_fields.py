"""Which parameters may be given several times, by their types."""

from collections.abc import Sequence
from typing import Annotated, Any, Optional

import pytest
from fastapi import Query

from app.core.http.encoded_fields import is_list


@pytest.mark.parametrize(
    "hint",
    [
        list,
        list[str],
        list[str] | None,
        Optional[list[str]],  # noqa: UP045 - the older spelling is read too
        tuple[int, ...],
        set[str],
        frozenset[str],
        Sequence[str],
        Annotated[list[str], Query()],
        Annotated[list[str] | None, Query()],
    ],
    ids=str,
)
def test_a_list_may_be_given_several_times(hint: Any) -> None:
    assert is_list(hint)


@pytest.mark.parametrize("hint", [str, str | None, dict[str, list[str]], Any, None], ids=str)
def test_anything_else_may_be_given_once(hint: Any) -> None:
    assert not is_list(hint)
