"""A router of FastAPI, in a module's `presentation/routes.py`."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi_pagination import Page, add_pagination, paginate
from fastapi_pagination.utils import disable_installed_extensions_check
from pydantic import BaseModel

from app.core.http.mounts import MountedRouter
from app.core.http.parameters import CurrentActor
from app.core.security import scope

disable_installed_extensions_check()  # the reports are not rows of a database


class Report(BaseModel):
    name: str
    rows: int


class StoredReport(Report):
    path: str


REPORTS = [
    StoredReport(name=f"report-{number}", rows=number, path=f"/srv/{number}")
    for number in range(1, 31)
]


class OutOfStock(Exception):
    """An error of the project's own."""


def at_least(rows: Annotated[int, Query(ge=0)] = 0) -> list[StoredReport]:
    return [report for report in REPORTS if report.rows >= rows]


Reports = Annotated[list[StoredReport], Depends(at_least)]


def report_routes() -> MountedRouter:
    router = APIRouter(prefix="/api/v1/reports", tags=["reports"])

    @router.get("")
    def list_reports(reports: Reports) -> Page[Report]:
        page: Page[Report] = paginate(reports)
        return page

    @router.get("/mine")
    async def name_of_caller(actor: CurrentActor) -> str:
        return str(actor.user_id)

    @router.post("/{name}/print")
    async def print_report(name: str, request: Request) -> int:
        request.session["printed"] = request.session.get("printed", 0) + 1
        if request.session["printed"] > 2:
            raise OutOfStock
        return int(request.session["printed"])

    @router.get("/{name}", response_model=Report)
    def get_report(name: str, reports: Reports) -> StoredReport:
        for report in reports:
            if report.name == name:
                return report
        raise HTTPException(404, f"There is no report {name}.")

    add_pagination(router)
    return MountedRouter(router, access=scope("report:read"))
