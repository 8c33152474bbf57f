"""`python -m tests.scaffold.modules.keep`: write the module of docs/scaffold/rendered again."""

import shutil

from scaffold.modules.render import rendered
from tests.scaffold.modules.test_rendered import KEPT
from tests.scaffold.modules.written import INVOICE, PROJECT, spec_of

if __name__ == "__main__":
    shutil.rmtree(KEPT, ignore_errors=True)
    for path, text in rendered(spec_of(INVOICE), PROJECT).items():
        (KEPT / path).parent.mkdir(parents=True, exist_ok=True)
        (KEPT / path).write_text(text, encoding="utf-8")
