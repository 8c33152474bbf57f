import pytest
from sqlalchemy import make_url

from tests.support.databases import NotATestDatabase, require_test_name, sibling


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://user:secret@db.example.com/shop",
        "postgresql+asyncpg://user:secret@db.example.com:5432/shop_test_2",
        "postgresql://user:secret@db.example.com/",
        "postgresql://user:secret@db.example.com",
        "postgresql:///test",
        "postgresql://db.example.com/shop?application_name=x_test",
        "postgresql://db.example.com/shop_test?database=shop",
        "postgresql://db.example.com/shop_test?dbname=shop",
        "postgresql://db.example.com/shop#_test",
        "postgresql://db.example.com/shop%00_test",
        "postgresql://db.example.com/shop_test\n",
        "sqlite:///var/shop.db",
        "sqlite+aiosqlite:////srv/my_test/shop.db",
        "sqlite:///shop.db#_test/../shop.db",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_a_database_whose_name_does_not_end_in_test_is_refused(address: str) -> None:
    with pytest.raises(NotATestDatabase) as refusal:
        require_test_name(address)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://user:secret@db.example.com/shop_test",
        "postgresql+asyncpg:///shop_gw0_test?host=/run/postgresql",
        "sqlite:////tmp/shop_test.db",
        "sqlite+aiosqlite:///shop_gw0_test",
    ],
)
def test_a_test_database_is_accepted(address: str) -> None:
    assert require_test_name(address) == make_url(address)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (
            "postgresql://db/shop_test?ssl=require",
            "postgresql://db/shop_gw0_test?ssl=require",
        ),
        ("sqlite:////tmp/a_test/shop_test.db", "sqlite:////tmp/a_test/shop_gw0_test.db"),
    ],
)
def test_each_worker_has_a_database_beside_the_named_one(base: str, expected: str) -> None:
    assert sibling(make_url(base), "gw0") == make_url(expected)
