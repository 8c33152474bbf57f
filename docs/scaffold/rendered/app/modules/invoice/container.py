"""The invoice module, put together."""

from dependency_injector.providers import Dependency, Factory, List, Object, Singleton

from app.core.cursors import Cursors
from app.core.events import EventRegistry
from app.modules.invoice.application.readers import InvoiceReader
from app.modules.invoice.application.seed import SeedInvoices
from app.modules.invoice.application.usecases.create_invoice import CreateInvoice
from app.modules.invoice.application.usecases.delete_invoice import DeleteInvoice
from app.modules.invoice.application.usecases.get_invoice import GetInvoice
from app.modules.invoice.application.usecases.list_invoices import ListInvoices
from app.modules.invoice.application.usecases.pay_invoice import PayInvoice
from app.modules.invoice.application.usecases.send_invoice import SendInvoice
from app.modules.invoice.application.usecases.update_invoice import UpdateInvoice
from app.modules.invoice.domain.events import EVENTS
from app.modules.invoice.domain.repositories import InvoiceUnitOfWork
from app.modules.invoice.infrastructure.readers import SqlInvoiceReader
from app.modules.invoice.infrastructure.repositories import SqlInvoiceUnitOfWork
from app.modules.invoice.presentation.controllers import InvoiceController
from app.modules.invoice.presentation.routes import invoice_routes
from app.shared.application.base_usecase import Clock
from app.shared.infrastructure.database.connection import Database
from app.shared.infrastructure.events.delivery.notifier import Notifier
from app.shared.module_container import ModuleContainer


class InvoiceContainer(ModuleContainer):
    database: Dependency[Database] = Dependency()
    registry: Dependency[EventRegistry] = Dependency(instance_of=EventRegistry)
    notifier: Dependency[Notifier] = Dependency(instance_of=Notifier)
    clock: Dependency[Clock] = Dependency()
    cursors: Dependency[Cursors] = Dependency(instance_of=Cursors)

    uow: Factory[InvoiceUnitOfWork] = Factory(
        SqlInvoiceUnitOfWork, database=database, registry=registry, notifier=notifier
    )
    reader: Singleton[InvoiceReader] = Singleton(
        SqlInvoiceReader, database=database, cursors=cursors
    )
    controller: Singleton[InvoiceController] = Singleton(
        InvoiceController,
        create_invoice=Singleton(CreateInvoice, uow=uow.provider, clock=clock),
        get_invoice=Singleton(GetInvoice, reader=reader),
        list_invoices=Singleton(ListInvoices, reader=reader),
        update_invoice=Singleton(UpdateInvoice, uow=uow.provider, clock=clock),
        send_invoice=Singleton(SendInvoice, uow=uow.provider, clock=clock),
        pay_invoice=Singleton(PayInvoice, uow=uow.provider, clock=clock),
        delete_invoice=Singleton(DeleteInvoice, uow=uow.provider),
    )

    permissions = Object(dict.fromkeys(("user", "admin"), ("invoice:read", "invoice:write")))
    routers = List(Factory(invoice_routes, controller))
    events = Object(EVENTS)
    seeds = List(Singleton(SeedInvoices, uow.provider))
