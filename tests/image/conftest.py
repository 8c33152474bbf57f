"""The images that the tests look at; each is built once."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.image.building import Builder, Image, NoBuilder, builder
from tests.support.server import ROOT

WITH_TOOLS = re.compile(r"```Dockerfile\n(FROM [\w-]+\n.*?)```", re.DOTALL)


@pytest.fixture(scope="session")
def images(note_tool: Callable[[str], None]) -> Iterator[Builder]:
    try:
        with builder() as found:
            note_tool(f"buildah {found.version}")
            yield found
    except NoBuilder as error:
        note_tool(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def files_of_the_base(images: Builder) -> set[str]:
    return images.make_base()


@pytest.fixture(scope="session")
def image(
    images: Builder,
    files_of_the_base: set[str],
    tmp_path_factory: pytest.TempPathFactory,
    note_tool: Callable[[str], None],
) -> Image:
    """The image, built in a folder that also holds what must not get into it."""
    context = tmp_path_factory.mktemp("context")
    for name in (".dockerignore", "requirements.txt"):
        shutil.copy(ROOT / name, context)
    shutil.copytree(ROOT / "app", context / "app")
    for unwanted in (".env", "app/.env", ".git/config", "tests/test_it.py", "var/service.db"):
        (context / unwanted).parent.mkdir(exist_ok=True)
        (context / unwanted).write_text("a secret")
    built = images.build("image", ROOT / "Dockerfile", context, on="base")
    added = sum(stat.st_size for path, stat in built.files.items() if path not in files_of_the_base)
    note_tool(f"the image adds {added >> 20} MiB to its base")
    return built


@pytest.fixture(scope="session")
def image_with_tools(
    images: Builder, image: Image, tmp_path_factory: pytest.TempPathFactory
) -> Image:
    """The image for backups, from the Dockerfile in the documents."""
    found = WITH_TOOLS.search((ROOT / "docs/deployment/README.md").read_text(encoding="utf-8"))
    assert found is not None
    dockerfile = tmp_path_factory.mktemp("with-tools") / "Dockerfile"
    dockerfile.write_text(found[1], encoding="utf-8")
    return images.build("with-tools", dockerfile, dockerfile.parent, on="image")


@pytest.fixture
def data(image: Image, tmp_path: Path) -> Path:
    """What is mounted at /data."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, *image.owner)
    return folder
