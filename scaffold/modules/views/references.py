"""Modules that fields refer to, as the templates see them."""

from dataclasses import dataclass

from scaffold.modules.names import Name, camel


@dataclass(frozen=True)
class ReferenceView(Name):
    """A module that fields refer to."""

    is_owned: bool

    @property
    def given(self) -> str:
        """The name of the Dependency that `app/container.py` fills."""
        return "has_active_user" if self.one == "user" else f"{self.one}_reader"

    @property
    def asked(self) -> str:
        return camel(self.given)

    @property
    def method(self) -> str:
        return "execute" if self.one == "user" else self.one

    @property
    def attribute(self) -> str:
        return "has_active_user" if self.one == "user" else "reader"

    @property
    def attribute_label(self) -> str:
        return "use case" if self.one == "user" else "reader"
