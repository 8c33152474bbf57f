"""0.2.0: what a process remembers is a cache, and the oldest of it is evicted."""

from scaffold.codemods.renames import renamed_module, renamed_name

EDITS = (
    renamed_name("app.core.recent", "forget_oldest", "evict_oldest"),
    renamed_module("app.core.recent", "app.core.caches"),
)
