"""What a merge cannot say of a version: changes of the code that calls the base.

A version that needs some has a module here, `v0_2_0` for 0.2.0, with the tuple `EDITS`. Each edit
gets the text of a file of Python and returns what it has to be, the same text if nothing is to
change. It may run twice. It raises Unclear where a developer has to look.
"""

from importlib import import_module
from importlib.util import find_spec

from scaffold.edits import Edit


def edits_of(version: str) -> tuple[Edit, ...]:
    """Return the edits of a version, and of the commits before it: `0.2.0` and `0.2.0.dev0`."""
    name = f"{__name__}.v{version.partition('.dev')[0].replace('.', '_')}"
    if find_spec(name) is None:
        return ()
    found: tuple[Edit, ...] = import_module(name).EDITS
    return found
