"""Load demo data: the same as `python -m app seed`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.cli import main

main(["seed"])
