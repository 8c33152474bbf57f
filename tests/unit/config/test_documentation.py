"""The settings of modules, as `.env.example` and the guide have them."""

from pydantic import Field, SecretStr

from app.config.documentation import as_example, as_page
from app.config.module_settings import ModuleSettings


class RateSettings(ModuleSettings):
    """Rates of currencies."""

    prefix = "RATES_"

    key: SecretStr = Field(description="The key to the rates.", examples=["abc"])
    hours: int = Field(6, ge=1, le=24, description="How long rates are kept.", examples=["6"])
    source: str = Field(
        default_factory=lambda: "bank", description="Where they are from.", examples=["bank"]
    )


def test_the_example_says_which_settings_are_required_and_gives_the_defaults_of_others() -> None:
    assert as_example([RateSettings]).splitlines()[2:] == [
        *("", "# The key to the rates. Required.", "# RATES_KEY="),
        *("", "# How long rates are kept. From 1 to 24.", "# RATES_HOURS=6"),
        *("", "# Where they are from.", "# RATES_SOURCE=bank"),
    ]


def test_the_guide_says_which_settings_are_required() -> None:
    assert (
        "| `RATES_KEY` | none | The key to the rates. Required. "
        "A secret: may be in the file that `RATES_KEY_FILE` names. |"
    ) in as_page([RateSettings]).splitlines()


def test_a_required_setting_has_its_example_where_documents_are_written() -> None:
    assert RateSettings.defaults() == {"rates_hours": 6, "rates_source": "bank"}
    assert RateSettings.samples() == {"rates_key": "abc"}
