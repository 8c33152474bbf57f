"""The paths in pyproject.toml exist: with a missing one a run of mutants fails silently."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
TOOLS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]


def test_each_path_that_the_run_of_mutants_names_exists() -> None:
    mutmut = TOOLS["mutmut"]
    names = (
        mutmut["source_paths"]
        + mutmut["only_mutate"]
        + mutmut["also_copy"]
        + mutmut["pytest_add_cli_args_test_selection"]
    )
    assert [name for name in names if not (ROOT / name).exists()] == []
