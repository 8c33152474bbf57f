"""What linters of OpenAPI say about the document. A rule that is off has its reason in its file."""

from pathlib import Path

from tests.clients.conftest import HERE, Run


def test_redocly_finds_nothing(document: Path, node: Run) -> None:
    node("redocly", "lint", f"--config={HERE / 'redocly.yaml'}", document)


def test_spectral_finds_nothing(document: Path, node: Run) -> None:
    ruleset = HERE / "spectral.yaml"
    node("spectral", "lint", "--fail-severity=hint", f"--ruleset={ruleset}", document)
