"""What an update did, as text."""

from collections.abc import Iterable

from scaffold.updates.update import Outcome


def as_text(outcome: Outcome) -> str:
    """Return what it did and what has to be done next."""
    lines = [
        f"The base {version} is in the branch {outcome.branch}." for version in outcome.versions
    ]
    if outcome.stay_deleted:
        lines += ["", "You removed these files, and they stay removed:"]
        lines += _rows(outcome.stay_deleted)
    if outcome.conflicts:
        width = max(len(each.path) for each in outcome.conflicts)
        lines += ["", f"The base {outcome.stopped_at} and your changes have conflicts:"]
        lines += _rows(f"{each.path:<{width}}  {each.why}" for each in outcome.conflicts)
        lines += [
            "",
            "Edit each file and write `git add FILE`, or `git rm FILE` to remove it. Then write",
            "  python -m scaffold update --continue     or --abort to go back",
        ]
        return "\n".join(lines).lstrip("\n")
    if outcome.derived:
        lines += ["", "These files were made again from the code:", *_rows(outcome.derived)]
    if outcome.by_hand:
        lines += ["", "Left to do, then commit it:", *_rows(outcome.by_hand)]
    lines += [
        "",
        "Look at the branch, and run `make check` in it. Then write",
        f"  git switch {outcome.project_branch} && git merge {outcome.branch}",
    ]
    return "\n".join(lines)


def _rows(lines: Iterable[str]) -> list[str]:
    return [f"  {each}" for each in lines]
