"""Reads secrets from files: `JWT_SECRET_KEY_FILE=/run/secrets/key` replaces `JWT_SECRET_KEY=…`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

MAX_FILE_BYTES: Final = 64 * 1024


class UnusableSecretFile(Exception):
    """One line for each file that cannot be used."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class SecretFiles(PydanticBaseSettingsSource):
    """Reads every secret whose file is named by the environment or by `.env`."""

    def __init__(
        self,
        settings: type[BaseSettings],
        variable: Callable[[str], str],
        *named_in: EnvSettingsSource,
    ) -> None:
        super().__init__(settings)
        self._variable, self._named_in = variable, named_in

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = self._variable(field_name)
        path = self._value_of(f"{name}_FILE")
        if path is None or not is_secret(field.annotation):
            return None, field_name, False
        if self._value_of(name) is not None:
            raise ValueError(f"{name} and {name}_FILE are both set; keep one of them")
        return _content(Path(path), f"{name}_FILE"), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the secrets. Raises UnusableSecretFile, which names all problems."""
        secrets, problems = {}, []
        for name, field in self.settings_cls.model_fields.items():
            try:
                value, key, _ = self.get_field_value(field, name)
            except ValueError as error:
                problems.append(str(error))
            else:
                secrets.update({} if value is None else {key: value})
        if problems:
            raise UnusableSecretFile(problems)
        return secrets

    def _value_of(self, name: str) -> str | None:
        variables: list[Mapping[str, str | None]] = [each.env_vars for each in self._named_in]
        return next((found for each in variables if (found := each.get(name.lower()))), None)


def is_secret(annotation: Any) -> bool:
    """Return whether a setting of this type may be in a file."""
    return annotation is SecretStr or any(is_secret(part) for part in get_args(annotation))


def _content(path: Path, name: str) -> str:
    example = f"for example: {name}=/run/secrets/name"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or "not a path"
        raise ValueError(f"{name}: can't be read ({why}); {example}") from None
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError(f"{name}: is not UTF-8; {example}") from None
    if not text or len(content) > MAX_FILE_BYTES:
        raise ValueError(f"{name}: is empty, or larger than 64 KiB; {example}")
    return text
