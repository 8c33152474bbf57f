import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.exceptions import Invalid
from app.shared.domain.value_objects import EmailAddress

LONGEST = "a" * 64 + "@" + ".".join(["b" * 60, "b" * 60, "b" * 59]) + ".example"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.com", "ANA@EXAMPLE.COM"),
        ("ana@example.com", "  ana@example.com\n"),
        ("ana@example.com", "\uff41\uff4e\uff41@example.com"),  # full-width letters
        ("ana@example.com", "ana\uff20example\uff0ecom"),  # full-width @ and full stop
        ("ana@example.com", "ana@example\u3002com"),  # the ideographic full stop
        ("ana@example.com", "ana@exam\u00adple.com"),  # a soft hyphen, which is invisible
        ("k.ana@example.com", "\u212a.ana@example.com"),  # KELVIN SIGN
        ("s.ana@example.com", "\u017f.ana@example.com"),  # LONG S
        ("fi.ana@example.com", "\ufb01.ana@example.com"),  # the ligature fi
        ("aná@example.com", "ana\u0301@example.com"),
        ("ss.ana@example.com", "ß.ANA@example.com"),
        ("\u0390@example.com", "\u03b9\u0308\u0301@example.com"),  # folding decomposes it
        ("ana@münchen.example.com", "ana@MÜNCHEN.example.com"),
        ("ana@münchen.example.com", "ana@mu\u0308nchen.example.com"),
        ("ana@münchen.example.com", "ana@xn--mnchen-3ya.example.com"),
        ("ana@münchen.example.com", "ana@XN--MNCHEN-3YA.example.com"),
    ],
)
def test_two_spellings_of_an_address_have_one_key(one: str, other: str) -> None:
    assert one != other
    assert EmailAddress.parse(one).key == EmailAddress.parse(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.com", "anna@example.com"),
        ("ana@example.com", "ana@mail.example.com"),
        ("ana@example.com", "a.na@example.com"),  # the same for some providers
        ("ana@example.com", "ana+news@example.com"),
        ("ana@example.com", "\u0430na@example.com"),  # a Cyrillic letter
        ("ana@strasse.example.com", "ana@straße.example.com"),  # since IDNA 2008, two domains
    ],
)
def test_two_addresses_have_different_keys(one: str, other: str) -> None:
    assert EmailAddress.parse(one).key != EmailAddress.parse(other).key


@pytest.mark.parametrize(
    "text",
    [
        "ana@example.com",
        "a@b.co",
        "ana.example+tag@mail.example.com",
        "!#$%&'*+-/?=^_`{|}~@example.com",
        "1@1.example",
        "アナ@example.com",
        "a" * 64 + "@example.com",
        LONGEST,
    ],
)
def test_a_usual_address_stays_unchanged(text: str) -> None:
    address = EmailAddress.parse(text)
    assert str(address) == address.value == address.key == text


@pytest.mark.parametrize(
    ("typed", "value", "key"),
    [
        ("νίκος@example.com", "νίκος@example.com", "νίκοσ@example.com"),
        ("straße@example.com", "straße@example.com", "strasse@example.com"),
        (" Ana.Silva@Example.COM ", "Ana.Silva@example.com", "ana.silva@example.com"),
        ("ana\u0301@example.com", "aná@example.com", "aná@example.com"),
        ("\ufb01ona@example.com", "\ufb01ona@example.com", "fiona@example.com"),
        ("\uff21na\uff20example\uff0ecom", "Ana@example.com", "ana@example.com"),
        ("İpek@Straße.example", "İpek@xn--strae-oqa.example", "i\u0307pek@xn--strae-oqa.example"),
    ],
)
def test_an_address_keeps_its_typed_form_and_has_a_key(typed: str, value: str, key: str) -> None:
    address = EmailAddress.parse(typed)
    assert (address.value, address.key) == (value, key)


@pytest.mark.parametrize(
    "local", ["संपर्क", "ติดต่อ", "தொடர்பு", "সমর্থন", "việt", "שָׁלוֹם", "q\u0303", "दि.ल्ली"]
)
def test_an_address_may_have_letters_with_marks(local: str) -> None:
    assert EmailAddress.parse(f"{local}@example.com").value == f"{local}@example.com"


def test_the_length_of_an_address_is_counted_in_octets() -> None:
    assert EmailAddress.parse("é" * 32 + "@example.com")
    with pytest.raises(Invalid):
        EmailAddress.parse("é" * 33 + "@example.com")


def test_an_address_whose_key_is_too_long_to_store_is_refused() -> None:
    with pytest.raises(Invalid):  # one character that NFKC turns into eighteen
        EmailAddress.parse("\ufdfa" * 21 + "@example.com")


@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_000 + "@example.com",
        "ana@" + "b" * 2_000 + ".com",
        "",
        " ",
        "@",
        "ana",
        "ana@",
        "@example.com",
        "ana@example",
        "ana@localhost",
        "ana@.com",
        "ana@com.",
        "ana@example.com.",  # the same domain with its root, but another account
        "ana@example..com",
        "ana@-example.com",
        "ana@example-.com",
        "ana@exa_mple.com",
        "ana@exa mple.com",
        "ana@127.0.0.1",
        "ana@[127.0.0.1]",
        "ana@[IPv6:::1]",
        "ana@xn--.com",
        "ana@xn--a.com",
        "ana@" + "x" * 64 + ".com",
        "ana@" + "x." * 130 + "com",
        "a" * 65 + "@example.com",
        LONGEST.replace("@", "@b"),
        ".ana@example.com",
        "ana.@example.com",
        "ana..b@example.com",
        "ana@b@example.com",
        "ana@@example.com",
        "ana b@example.com",
        '"ana"@example.com',
        '"ana b"@example.com',
        "ana(comment)@example.com",
        "Ana <ana@example.com>",
        "<ana@example.com>",
        "mailto:ana@example.com",
        "=?utf-8?q?a=40b.example=2c_eve?=@example.com",
        "ana=?@example.com",
        "ana@example.com, bruno@example.com",
        "ana@example.com\nBcc: bruno@example.com",
        "ana\n@example.com",
        "ana\x00@example.com",
        "ana@example.com\x00",
        "a\u200bna@example.com",
        "a\u00adna@example.com",
        "\u202eana@example.com",
        "\ud800@example.com",
        "ana@\ud800.com",
        "ana@example\u200d.com",
        "\u0301ana@example.com",  # a mark without a letter before it
        "ana.\u093f@example.com",
        "ana\ufe0f@example.com",  # invisible marks and letters
        "a\u034fna@example.com",
        "a\u3164na@example.com",
        "\uff1d\uff1fna@example.com",  # =? in full-width characters
        "a" * 300 + "@example.com",
    ],
)
def test_an_invalid_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as error:
        EmailAddress.parse(text)
    [told] = error.value.errors
    assert (told["pointer"], told["code"]) == ("/email", "invalid_format")
    assert told["detail"] == "must be an email address such as ana@example.com"


letters = st.characters() | st.sampled_from("@.-+xn\u0345\u00df\u03c2\u0390\u1e9e\u200d\u3002")
addresses = st.builds("{}@{}.{}".format, *[st.text(letters, min_size=1, max_size=8)] * 3)


@given(st.text(letters) | addresses | addresses.map(str.upper) | st.emails())
def test_any_text_is_refused_or_has_one_form_and_one_key(text: str) -> None:
    try:
        address = EmailAddress.parse(text)
    except Invalid:
        return
    assert EmailAddress.parse(address.value) == address
    assert EmailAddress(address.key).key == address.key
    assert len(address.key) <= EmailAddress.MAX_LENGTH
    assert len(address.value.encode()) <= EmailAddress.MAX_LENGTH
