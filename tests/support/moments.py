"""Two times for examples, to the microsecond: a creation, and now."""

import datetime as dt
from typing import Final

CREATED: Final = dt.datetime(2026, 1, 1, 9, 0, 0, 123_456, tzinfo=dt.UTC)
NOW: Final = dt.datetime(2026, 1, 2, 17, 30, 0, 654_321, tzinfo=dt.UTC)
