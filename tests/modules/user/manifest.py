"""Users, for the tests of the base."""

from tests.modules.user.plans import PLANS
from tests.support.manifest import Manifest

MANIFEST = Manifest(plans=PLANS)
