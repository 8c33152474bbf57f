"""Words that SQL and the libraries reserve. A test compares them with the libraries' own lists."""

from typing import Final

_SQL = """
add after all alter analyse analyze and any array as asc asymmetric attach authorization
autoincrement before begin between binary both by cascade case cast check collate column commit
conflict constraint create cross current_catalog current_date current_role current_schema
current_time current_timestamp current_user database default deferrable deferred delete desc
detach distinct do drop each else end escape except exclusive exists explain fail false fetch
for foreign freeze from full glob grant group having if ignore ilike immediate in index indexed
initially inner insert instead intersect into is isnull join key leading left like limit
localtime localtimestamp match natural new not notnull null of off offset old on only or order
outer over overlaps placing plan pragma primary query raise references reindex rename replace
restrict returning right rollback row select session_user set similar some symmetric table temp
temporary then to trailing transaction trigger true union unique update user using vacuum
values variadic verbose view virtual when where window with
"""
_SQLALCHEMY = """
compare contains_column corresponding_column get items keys metadata values
"""
_PYDANTIC = """
construct copy dict from_orm json model_computed_fields model_config model_construct model_copy
model_dump model_dump_json model_extra model_fields model_fields_set model_json_schema
model_parametrized_name model_post_init model_rebuild model_validate model_validate_json
model_validate_strings parse_file parse_obj parse_raw schema schema_json update_forward_refs
validate
"""
# Names in the code that the recipe writes, which a module or a field would hide.
_MODULES = """
actor allowed annotated answer app body boolean cast changes child choice clock column command
conflict connection container count cursors database date decimal demo dependency digits dt
each event events factory field fields flag given index integer invalid kind length line
literal manifest metadata module money name new_id note notifier now object one owner page path
people person plan plans protocol query registry repository request result router row rows
scaffold scale scope seed self service settings shared singleton statement step string table
tests text thing timestamp uow uuid view written
"""
_FIELDS = """
actor aggregate_type cursor dt limit now page pull_events record sort to_changes to_fields
with_total
"""

OF_SQL: Final = frozenset(_SQL.split())
OF_SQLALCHEMY: Final = frozenset(_SQLALCHEMY.split())
OF_PYDANTIC: Final = frozenset(_PYDANTIC.split())
NOT_A_MODULE: Final = frozenset(_MODULES.split())
NOT_A_FIELD: Final = frozenset(_FIELDS.split())
