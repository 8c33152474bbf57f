"""Commits and files that are written into a repository, while its folder stays as it is."""

from scaffold.base.git import Ids, Repository

REF = "refs/alicerce/update"
"""The commit that was written last; it keeps what an update compares."""


def stored(repository: Repository, content: bytes) -> str:
    """Write the content of a file; return its id."""
    return repository.git("hash-object", "-w", "--stdin", given=content)


def content_of(repository: Repository, id: str) -> bytes:
    [content] = repository.contents([id])
    return content


def committed(
    repository: Repository, files: Ids, *, who: str, message: str, parent: str | None = None
) -> str:
    """Write a commit with these files; return its id. `who` is as `git var` says it."""
    said = message.encode()
    lines = [f"commit {REF}\nauthor {who}\ncommitter {who}\ndata {len(said)}\n".encode() + said]
    lines += [f"\nfrom {parent}".encode()] if parent else []
    lines += [b"\ndeleteall\n"]
    lines += [f"M {mode} {id} {path}\n".encode() for path, (mode, id) in files.items()]
    repository.git("fast-import", "--quiet", "--force", given=b"".join(lines))
    return repository.git("rev-parse", REF)


def forget(repository: Repository) -> None:
    """Keep what was written no longer than git keeps what nobody names."""
    repository.git("update-ref", "-d", REF)
