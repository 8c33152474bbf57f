"""The service that is measured, in a process that ends with the benchmark."""

from bench.overload.service import OverloadContainer
from bench.processes import end_with_parent
from tests.modules.note.process import main

if __name__ == "__main__":
    end_with_parent()
    main(OverloadContainer)
