"""Pages that administer a table, by sqladmin."""

from sqladmin import Admin, ModelView
from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.applications import Starlette

from app.core.http.mounts import MountedApp
from app.core.security import scope


class Base(DeclarativeBase):
    pass


class Voucher(Base):
    __tablename__ = "voucher"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    percent: Mapped[int]


class VoucherPages(ModelView, model=Voucher):
    column_list = ("id", "code", "percent")
    column_searchable_list = ("code",)


# What sqladmin's pages load: their own files, and the styles in them. Its `flash` and its editors
# of rich text have scripts in the page too; with them, add script-src 'self' 'unsafe-inline'.
ADMIN_PAGES = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def admin_pages(engine: AsyncEngine) -> MountedApp:
    admin = Admin(Starlette(), engine, base_url="/admin", title="Vouchers")
    admin.add_view(VoucherPages)
    return MountedApp(
        "/admin", admin.admin, name="admin", access=scope("voucher:admin"), csp=ADMIN_PAGES
    )
