"""Which deliveries go in one message."""

from app.shared.domain.base_entity import new_id
from app.shared.infrastructure.events.distributed.executor import chunks
from app.shared.infrastructure.events.runner import Taken
from app.shared.infrastructure.events.states import DeliveryState


def taken(id: int, handler: str, attempts: int = 0) -> Taken:
    return Taken(
        id=id,
        token=1,
        attempts=attempts,
        state=DeliveryState.TAKEN,
        handler=handler,
        lane=new_id(),
    )


def ids(*deliveries: Taken) -> list[list[int]]:
    return [[each.id for each in chunk] for chunk in chunks(deliveries)]


def test_those_of_one_handler_go_together() -> None:
    found = ids(taken(1, "task.mail"), taken(2, "task.count"), taken(3, "task.mail"))

    assert sorted(found) == [[1, 3], [2]]


def test_a_message_names_twenty_at_most() -> None:
    found = ids(*(taken(id, "task.mail") for id in range(45)))

    assert [len(chunk) for chunk in found] == [20, 20, 5]
    assert [id for chunk in found for id in chunk] == list(range(45))


def test_what_was_tried_before_goes_alone() -> None:
    found = ids(taken(1, "task.mail"), taken(2, "task.mail", attempts=1), taken(3, "task.mail"))

    assert sorted(found) == [[1, 3], [2]]
