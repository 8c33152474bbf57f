"""Every module has a manifest for the base's tests."""

from pkgutil import iter_modules

import app.modules
from tests.support.manifest import manifests


def test_every_module_has_a_manifest() -> None:
    missing = {each.name for each in iter_modules(app.modules.__path__)} - manifests().keys()
    assert missing == set(), "add tests/modules/<module>/manifest.py, as the other modules have it"
