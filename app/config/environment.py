"""Reads settings from the environment, a `.env` file and files with secrets."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.config.env_file import UNDECIDED, EnvFile
from app.config.secret_files import SecretFiles


class EnvironmentSettings(BaseSettings):
    """The base of all settings classes: where values are read from. They never change."""

    model_config = SettingsConfigDict(
        env_file=UNDECIDED,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        str_strip_whitespace=True,
    )

    prefix: ClassVar[str] = ""
    """The prefix of all variables of the class."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.model_config["env_prefix"] = cls.prefix

    @classmethod
    def variable(cls, field: str) -> str:
        """Return the name of the variable that a field is read from."""
        alias = cls.model_fields[field].validation_alias
        return alias if isinstance(alias, str) else f"{cls.prefix}{field.upper()}"

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Return the names of all variables, each with its field."""
        return {cls.variable(field): field for field in cls.model_fields}

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return the default values, by the names of the variables."""
        fields = cls.model_fields.items()
        return {
            cls.variable(name).lower(): field.get_default(call_default_factory=True)
            for name, field in fields
            if not field.is_required()
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: EnvSettingsSource,  # type: ignore[override]  # which it is, says its documentation
        dotenv_settings: DotEnvSettingsSource,  # type: ignore[override]
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        env_file = EnvFile(settings_cls, dotenv_settings.env_file)
        files = SecretFiles(settings_cls, cls.variable, env_settings, env_file)
        return init_settings, env_settings, env_file, files


def sentences(kind: type[EnvironmentSettings], error: ValidationError) -> Iterator[str]:
    """Return a sentence for each problem: its variable, what is wrong, and what is right."""
    for problem in error.errors():
        if not problem["loc"]:  # of several settings together: the validator wrote the sentence
            yield f"  {problem['ctx']['error']}"
            continue
        name = str(problem["loc"][0])
        variable = kind.variable(name) if name in kind.model_fields else name
        field = kind.model_fields[kind.variables()[variable]]
        wrong = "is missing" if problem["type"] == "missing" else problem["msg"]
        wrong = wrong.removeprefix("Value error, ").removeprefix("Input ")
        yield f"  {variable}: {wrong}; for example: {variable}={(field.examples or [''])[0]}"
