"""What a command wants to change in a project, before anything is written."""

from pathlib import Path

from scaffold.edits import Edit
from scaffold.errors import Refusal
from scaffold.source import Unclear


class Draft:
    """New contents of files, by their paths from the project's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.contents: dict[str, bytes | None] = {}
        """None for a file that is to be removed."""

    def exists(self, path: str) -> bool:
        if path in self.contents:
            return self.contents[path] is not None
        return (self.root / path).is_file()

    def read(self, path: str) -> str:
        """Return the text of a file, with this draft's changes. Raises Refusal."""
        try:
            written = self.contents.get(path)
            content = (self.root / path).read_bytes() if written is None else written
            return content.decode()
        except OSError as error:
            raise Refusal(f"{path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise Refusal(f"{path} is no UTF-8; store it as UTF-8") from error

    def write(self, path: str, text: str) -> None:
        """Add a file or replace it."""
        self.contents[path] = text.encode()

    def add(self, path: str, text: str) -> None:
        """Add a file. Raises Refusal if it is there."""
        if self.exists(path):
            raise Refusal(f"{path} is there already; choose another name, or move it away")
        self.write(path, text)

    def remove(self, path: str) -> None:
        self.contents[path] = None

    def edit(self, path: str, *edits: Edit, lines: str, undo: bool = False) -> None:
        """Change a file of Python. Raises Refusal with the lines to write or to remove by hand."""
        text = self.read(path)
        ends_with_returns = "\r\n" in text
        if ends_with_returns:
            text = text.replace("\r\n", "\n")
        try:
            for edit in edits:
                text = edit(text)
        except Unclear as error:
            what = "remove from it" if undo else "write into it"
            raise Refusal(
                f"{path} was not changed, because {error}. Please {what} yourself, then give the "
                f"command again:\n\n{lines.rstrip()}"
            ) from error
        if "\r" in text:
            raise Refusal(f"{path} has line ends of several kinds; give it one kind")
        self.write(path, text.replace("\n", "\r\n") if ends_with_returns else text)
