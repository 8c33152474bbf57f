"""`python -m app jobs`: jobs by the ids that their enqueuers know; their deliveries are those of
`python -m app events`.
"""

from typing import Annotated
from uuid import UUID

import typer

from app.command_output import AsJson, ask, print_detail, print_json, show_items, state_of
from app.container import ApplicationContainer
from app.shared.application.dto import PageRequest
from app.shared.application.dto.events import DeliveryDetail, DeliveryQuery, DeliveryStatus
from app.shared.application.dto.jobs import JobView

jobs = typer.Typer(no_args_is_help=True, help="Jobs that were enqueued.")

JobId = Annotated[UUID, typer.Argument(help="The job's id, as `list` shows it.")]


@jobs.command(name="list")
def list_jobs(
    context: typer.Context,
    *,
    state: Annotated[str | None, typer.Option(help=", ".join(DeliveryStatus))] = None,
    type: Annotated[str | None, typer.Option(help="Only of this type.")] = None,  # noqa: A002 - its word
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    query = DeliveryQuery(
        state=state_of(state), handler=type, only_jobs=True, page=PageRequest(limit=limit)
    )
    found = ask(context, lambda container: container.inspection().page(query)).items
    columns = ("event_id", "event_type", "state", "attempts", "due_at", "last_error")
    show_items(found, columns, as_json=as_json)


@jobs.command()
def show(context: typer.Context, job_id: JobId, *, as_json: AsJson = False) -> None:
    """Show a job with its progress and result, its arguments, and the error of each attempt."""

    async def look(container: ApplicationContainer) -> tuple[JobView, DeliveryDetail]:
        tracking = container.job_tracking()
        view = await tracking.find(job_id)
        return view, await container.inspection().show(await tracking.delivery_of(job_id))

    view, detail = ask(context, look)
    if as_json:
        print_json({"job": view, "arguments": detail.event.data, "attempts": detail.attempts})
    else:
        print_detail(detail, ("job", view))


@jobs.command()
def retry(context: typer.Context, job_id: JobId) -> None:
    """Try a job again that is dead, discarded or without a handler."""

    async def retry_it(container: ApplicationContainer) -> None:
        await container.operations().retry(await container.job_tracking().delivery_of(job_id))

    ask(context, retry_it)
    typer.echo(f"Job {job_id} will be tried again.")


@jobs.command()
def cancel(context: typer.Context, job_id: JobId) -> None:
    """Cancel a job that waits or runs."""
    view = ask(context, lambda container: container.job_tracking().cancel(job_id))
    typer.echo(f"Job {job_id} is {view.status}.")
