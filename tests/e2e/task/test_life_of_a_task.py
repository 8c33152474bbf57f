"""The life of one task, as a client sees it."""

from tests.support.people import Person


async def test_a_task_is_created_revised_completed_deleted_and_restored(ana: Person) -> None:
    created = await ana.post("/tasks", {"title": "Lay the foundation", "labels": ["home"]})
    assert created.status_code == 201
    task = created.json()
    path = f"/tasks/{task['id']}"
    assert created.headers["location"] == f"/api/v1{path}"
    assert created.headers["etag"] == '"1"'

    revised = await ana.patch(path, {"priority": "high"}, version=1)
    assert (revised.status_code, revised.headers["etag"]) == (200, '"2"')
    assert revised.json() == task | {
        "priority": "high",
        "version": 2,
        "updated_at": revised.json()["updated_at"],
    }

    completed = await ana.post(f"{path}/complete", version=2)
    assert (completed.status_code, completed.json()["status"]) == (200, "done")

    assert (await ana.delete(path, version=3)).status_code == 204
    assert (await ana.get(path)).status_code == 404
    assert (await ana.get("/tasks")).json()["items"] == []

    restored = await ana.post(f"{path}/restore")
    assert restored.status_code == 200
    assert (await ana.get(path)).json() == restored.json()
