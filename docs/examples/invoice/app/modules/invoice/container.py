"""The invoice module, put together."""

import datetime as dt
from pathlib import Path
from typing import Final

from dependency_injector.providers import Callable, Dependency, Factory, List, Object, Singleton

from app.core.cursors import Cursors
from app.core.events import EventRegistry
from app.modules.invoice.application.handlers import WhenInvoiceSentEmailTheCustomer
from app.modules.invoice.application.readers import InvoiceReader
from app.modules.invoice.application.usecases.create_invoice import CreateInvoice
from app.modules.invoice.application.usecases.get_invoice import GetInvoice
from app.modules.invoice.application.usecases.list_invoices import ListInvoices
from app.modules.invoice.application.usecases.pay_invoice import PayInvoice
from app.modules.invoice.application.usecases.send_invoice import SendInvoice
from app.modules.invoice.domain.events import EVENTS
from app.modules.invoice.domain.repositories import InvoiceUnitOfWork
from app.modules.invoice.infrastructure.readers import SqlInvoiceReader
from app.modules.invoice.infrastructure.repositories import SqlInvoiceUnitOfWork
from app.modules.invoice.presentation.controllers import InvoiceController
from app.modules.invoice.presentation.routes import invoice_routes
from app.modules.invoice.settings import InvoiceSettings
from app.shared.application.base_usecase import Clock
from app.shared.application.email import Mailer, TemplateMailer
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.infrastructure.external.email_templates import TemplatedMailer
from app.shared.module_container import ModuleContainer

TEMPLATES: Final = Path(__file__).parent / "infrastructure/templates"


class InvoiceContainer(ModuleContainer):
    settings: Dependency[InvoiceSettings] = Dependency(instance_of=InvoiceSettings)
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    clock: Dependency[Clock] = Dependency()
    cursors: Dependency[Cursors] = Dependency(instance_of=Cursors)
    mailer: Dependency[Mailer] = Dependency()
    app_name: Dependency[str] = Dependency(instance_of=str)

    uow: Factory[InvoiceUnitOfWork] = Factory(
        SqlInvoiceUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    reader: Singleton[InvoiceReader] = Singleton(
        SqlInvoiceReader, database=database, cursors=cursors
    )
    template_mailer: Singleton[TemplateMailer] = Singleton(
        TemplatedMailer, mailer, TEMPLATES, signed_by=app_name
    )
    controller: Singleton[InvoiceController] = Singleton(
        InvoiceController,
        create_invoice=Singleton(
            CreateInvoice,
            uow=uow.provider,
            clock=clock,
            due_after=Callable(lambda s: dt.timedelta(days=s.due_days), settings),
        ),
        get_invoice=Singleton(GetInvoice, reader=reader),
        list_invoices=Singleton(ListInvoices, reader=reader),
        send_invoice=Singleton(SendInvoice, uow=uow.provider, clock=clock),
        pay_invoice=Singleton(PayInvoice, uow=uow.provider, clock=clock),
    )

    roles = Object(("accountant",))
    permissions = Object(dict.fromkeys(("accountant", "admin"), ("invoice:read", "invoice:write")))
    routers = List(Factory(invoice_routes, controller))
    events = Object(EVENTS)
    handlers = List(
        Singleton(WhenInvoiceSentEmailTheCustomer, reader=reader, mailer=template_mailer)
    )
