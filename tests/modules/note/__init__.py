"""Notes: a small module that only the tests have.

The base's tests need objects to create, revise, list and delete, and a project may have no module
for that. It is added to the service as any module, by its container and its manifest.
"""

from typing import Final

PROCESS: Final = "tests.modules.note.process"
"""The module to run as a process, in place of `app`."""
