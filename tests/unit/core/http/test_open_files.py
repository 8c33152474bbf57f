import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
RAISED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
from app.core.http.open_files import allow_many
allow_many()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("before", "after"), [((64, 4096), "4096 4096"), ((512, 512), "512 512")])
def test_the_limit_of_open_files_is_raised_to_the_systems_maximum(
    before: tuple[int, int], after: str
) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < max(before):
        pytest.skip("this machine allows fewer")
    command = [sys.executable, "-c", RAISED, *map(str, before)]
    said = subprocess.check_output(command, cwd=ROOT, text=True)  # noqa: S603 - our own Python
    assert said.strip() == after
