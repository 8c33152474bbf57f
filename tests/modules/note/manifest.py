"""Notes, for the tests of the base."""

from typing import Final

from tests.support.manifest import Manifest, Thing

NOTE: Final = "/api/v1/notes/{note_id}"

MANIFEST: Final = Manifest(
    routes="""
GET    /api/v1/notes                      note:read
POST   /api/v1/notes                      note:write
DELETE /api/v1/notes/{note_id}            note:write
GET    /api/v1/notes/{note_id}            note:read
PATCH  /api/v1/notes/{note_id}            note:write
POST   /api/v1/notes/{note_id}/archive    note:write
POST   /api/v1/notes/{note_id}/take-back  note:write
""",
    things={"note_id": Thing(create=("/notes", lambda: {"title": "Lay the foundation"}))},
    bodies={f"PATCH {NOTE}": {"title": "Mine now"}},
    before={f"POST {NOTE}/take-back": "POST /notes/{}/archive"},
    several_lines=frozenset({"text"}),
)
