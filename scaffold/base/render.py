"""A version of the base under a project's name, as a commit that is the same wherever it is made.

Nothing of it need be kept: whoever has the base and the answers can make the commit again.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scaffold.base import answers as answering
from scaffold.base.answers import BASE, TASK, Answers
from scaffold.base.git import File, Repository, Tree
from scaffold.base.owners import Instead, Owners
from scaffold.base.versions import FILE, LINE, Version, versions

REF: Final = "refs/alicerce/base"
"""The commit that was rendered last."""
BY: Final = "Alicerce <base@alicerce.invalid>"

FIRST_VERSION: Final = "0.1.0"
"""The version of a new project; it is no version of the base."""


class CannotRender(Exception):
    """The list of owners does not fit its version; a test finds that before a version is made."""


def render(base: Repository, version: Version, answers: Answers, into: Repository) -> str:
    """Write the commit of a version into a project's repository, and return its id.

    Its parents are the commits of the released versions before it. Raises GitFailed, CannotRender.
    """
    line = [each for each in versions(base, version.commit) if each.commit != version.commit]
    trees = ((each, rendered(base.tree(each.commit), answers, each)) for each in [*line, version])
    into.git("fast-import", "--quiet", "--force", given=b"".join(_stream(trees)))
    return into.git("rev-parse", REF)


def rendered(tree: Tree, answers: Answers, version: Version) -> Tree:
    """Return the files of a project. Raises CannotRender."""
    owners = Owners.of(tree)
    made = {
        path: file for path, file in tree.items() if not owners.is_left_out(path, answers.without)
    }
    if TASK in answers.without:
        for path, file in _overlay(tree, owners.overlays[TASK]).items():
            made[path] = _from_its_first_line_on(tree[path], file)
    for part in sorted(answers.without):
        _leave_out_parts(made, owners, part)
    for each in owners.instead:
        if each.without in answers.without:
            made[each.file] = _instead(made[each.file], each)
    words = {word: getattr(answers, field) for field, word in owners.words.items()}
    for path in owners.named:
        if path in made:
            made[path] = _renamed(made[path], words)
    if BASE in answers.without:
        made[FILE] = _with(
            made[FILE], LINE.sub(f'version = "{FIRST_VERSION}"', made[FILE].content.decode())
        )
        made |= _of_the_project(tree, owners, answers, version)
    return dict(sorted(made.items()))


def _overlay(tree: Tree, folder: str) -> Tree:
    """Return the files of a folder by the paths that they get in the project."""
    start = f"{folder}/"
    return {path.removeprefix(start): file for path, file in tree.items() if path.startswith(start)}


def _from_its_first_line_on(file: File, other: File) -> File:
    """Return the file with another's text from where it has that one's first line."""
    text = other.content.decode()
    first = text.splitlines(keepends=True)[0]
    return _with(file, file.content.decode().partition(first)[0] + text)


def _leave_out_parts(made: Tree, owners: Owners, name: str) -> None:
    """Remove `# name` … `# /name` from the files that have such parts, and the same in Markdown."""
    part = re.compile(
        rf"^(?P<open># |<!-- ){name}(?: -->)?\n.*?^(?P=open)/{name}(?: -->)?\n\n?",
        re.MULTILINE | re.DOTALL,
    )
    for path in owners.marked & made.keys():
        made[path] = _with(made[path], part.sub("", made[path].content.decode()))


def _instead(file: File, instead: Instead) -> File:
    text = file.content.decode()
    if text.count(instead.text) != 1:
        raise CannotRender(f"{instead.file} has to have this once: {instead.text}")
    return _with(file, text.replace(instead.text, instead.project))


def _renamed(file: File, words: Mapping[str, str]) -> File:
    word = re.compile(rf"(?<![A-Za-z.])({'|'.join(map(re.escape, words))})")
    return _with(file, word.sub(lambda found: words[found[1]], file.content.decode()))


def _of_the_project(tree: Tree, owners: Owners, answers: Answers, version: Version) -> Tree:
    """Return what a project has of its own from the start, and the answers that it keeps."""
    told = {
        "{name}": answers.name,
        "{slug}": answers.slug,
        "{version}": version.name,
    }
    own = _overlay(tree, owners.overlays[BASE])
    for path, file in own.items():
        text = file.content.decode()
        for placeholder, value in told.items():
            text = text.replace(placeholder, value)
        own[path] = _with(file, text)
    kept = answers.written(version=version.name, commit=version.commit)
    own[answering.PATH] = File("100644", kept.encode())
    return own


def _with(file: File, text: str) -> File:
    return File(file.mode, text.encode())


def _stream(trees: Iterator[tuple[Version, Tree]]) -> Iterator[bytes]:
    """Return the commits as `git fast-import` reads them; each content is sent once."""
    marks: dict[bytes, int] = {}
    for version, tree in trees:
        for content in {file.content: None for file in tree.values()}:
            if content not in marks:
                marks[content] = len(marks) + 1
                yield b"blob\nmark :%d\n%b\n" % (marks[content], _data(content))
        who = f"{BY} {version.date}"
        yield f"commit {REF}\nauthor {who}\ncommitter {who}\n".encode()
        yield _data(f"Base {version.name}\n".encode())
        yield b"\ndeleteall\n"  # its parent is the commit before, if there is one
        for path, file in tree.items():
            yield f"M {file.mode} :{marks[file.content]} {path}\n".encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%b" % (len(content), content)
