"""Uploaded files, and served files."""

import hashlib
from pathlib import Path
from typing import Annotated

from fastapi import Form, UploadFile
from starlette.staticfiles import StaticFiles

from app.core.http.bodies import KIB
from app.core.http.mounts import MountedApp
from app.core.http.parameters import CurrentActor
from app.core.http.routing import ApiRouter
from app.core.security import AUTHENTICATED, PUBLIC


class PhotoController:
    async def keep(
        self, photo: UploadFile, title: Annotated[str, Form()], actor: CurrentActor
    ) -> dict[str, str]:
        """Keep a photo."""
        digest = hashlib.sha256()
        while part := await photo.read(64 * KIB):
            digest.update(part)
        return {"owner": str(actor.user_id), "title": title, "sha256": digest.hexdigest()}


def photo_routes() -> ApiRouter:
    router, photos = ApiRouter("/api/v1/photos", tags=["photos"]), PhotoController()
    router.post("", photos.keep, access=AUTHENTICATED, body_limit=20 * 1024 * KIB, by_fastapi=True)
    return router


def files(folder: Path) -> MountedApp:
    return MountedApp(
        "/assets", StaticFiles(directory=folder), access=PUBLIC, csp="default-src 'self'"
    )
