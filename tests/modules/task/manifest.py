"""Tasks, for the tests of the base."""

from tests.modules.task.plans import PLANS
from tests.support.manifest import Manifest

MANIFEST = Manifest(plans=PLANS)
