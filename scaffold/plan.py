"""All that a command changes, to look at or to carry out."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["add", "change", "remove"]


@dataclass(frozen=True)
class Change:
    """A file before and after; None is a file that is not there."""

    path: str
    before: bytes | None
    after: bytes | None

    @property
    def kind(self) -> Kind:
        if self.before is None:
            return "add"
        return "remove" if self.after is None else "change"

    def diff(self) -> str:
        """Return the difference as `git apply` reads it."""
        old, new = _lines(self.before), _lines(self.after)
        if old is None or new is None:
            return f"Binary files a/{self.path} and b/{self.path} differ\n"
        head = f"diff --git a/{self.path} b/{self.path}\n"
        head += {
            "add": "new file mode 100644\n",
            "remove": "deleted file mode 100644\n",
            "change": "",
        }[self.kind]
        source = "/dev/null" if self.before is None else f"a/{self.path}"
        target = "/dev/null" if self.after is None else f"b/{self.path}"
        return head + "".join(_ended(difflib.unified_diff(old, new, source, target)))


@dataclass(frozen=True)
class Plan:
    changes: tuple[Change, ...]
    """Sorted by their paths; a file that stays as it is is not among them."""
    note: str = ""
    """What the developer has to know or to do next."""

    def diff(self) -> str:
        return "".join(change.diff() for change in self.changes)

    def as_data(self, *, done: bool) -> dict[str, object]:
        """Return it for JSON: whether it was carried out, each file with its diff, and the note."""
        return {
            "done": done,
            "files": [
                {"path": each.path, "change": each.kind, "diff": each.diff()}
                for each in self.changes
            ],
            "note": self.note,
        }

    def summary(self) -> str:
        """Return a line for each file, such as `add  app/modules/invoice/container.py`."""
        return "".join(f"{each.kind:<7} {each.path}\n" for each in self.changes)


def _lines(content: bytes | None) -> list[str] | None:
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
