"""The errors of the rules of invoices."""

from app.core.exceptions import Conflict, NotFound


class InvoiceNotFound(NotFound):
    """It does not exist, or it is another user's: the answer does not tell which."""

    code = "invoice_not_found"
    message = "There is no such invoice."


class InvoiceNumberTaken(Conflict):
    code = "invoice_number_taken"
    message = "You have another invoice with this number."


class InvoiceNotDraft(Conflict):
    code = "invoice_not_draft"
    message = "The status of the invoice is not draft."


class InvoiceNotSent(Conflict):
    code = "invoice_not_sent"
    message = "The status of the invoice is not sent."
