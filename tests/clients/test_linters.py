"""OpenAPI linters check the document. A disabled rule has its reason in the linter's file."""

from pathlib import Path

from tests.clients.conftest import HERE, Run


def test_redocly_finds_nothing(document: Path, node: Run) -> None:
    node("redocly", "lint", f"--config={HERE / 'redocly.yaml'}", document)


def test_spectral_finds_nothing(document: Path, node: Run) -> None:
    ruleset = HERE / "spectral.yaml"
    node("spectral", "lint", "--fail-severity=hint", f"--ruleset={ruleset}", document)
