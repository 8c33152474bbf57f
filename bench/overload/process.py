"""The service that is measured, in a process that ends with the benchmark."""

from bench.overload.service import main
from bench.processes import end_with_parent

if __name__ == "__main__":
    end_with_parent()
    main()
