"""Which deliveries share a message."""

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.events.delivery.claims import Claim
from app.shared.infrastructure.events.delivery.deliveries import SENT_AT_ONCE
from app.shared.infrastructure.events.delivery.groups import divided
from app.shared.infrastructure.events.delivery.states import DeliveryState


def claim(id: int, handler: str, attempts: int = 0) -> Claim:
    return Claim(
        id=id,
        token=1,
        attempts=attempts,
        state=DeliveryState.CLAIMED,
        handler=handler,
        stream_id=new_id(),
    )


def ids(*deliveries: Claim) -> list[list[int]]:
    return [
        [each.id for each in batch]
        for batch in divided(deliveries, size=lambda _: SENT_AT_ONCE, attempts_of_fresh=0)
    ]


def test_deliveries_of_one_handler_are_sent_together() -> None:
    found = ids(claim(1, "note.mail"), claim(2, "note.count"), claim(3, "note.mail"))

    assert sorted(found) == [[1, 3], [2]]


def test_a_message_has_at_most_twenty_deliveries() -> None:
    found = ids(*(claim(id, "note.mail") for id in range(45)))

    assert [len(batch) for batch in found] == [20, 20, 5]
    assert [id for batch in found for id in batch] == list(range(45))


def test_a_delivery_with_an_attempt_is_sent_alone() -> None:
    found = ids(claim(1, "note.mail"), claim(2, "note.mail", attempts=1), claim(3, "note.mail"))

    assert sorted(found) == [[1, 3], [2]]
