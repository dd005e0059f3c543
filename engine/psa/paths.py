"""The endpoints of the PSA that the engine uses, below the codebase."""

COMPANIES = "/company/companies"
COUNTRIES = "/company/countries"
CATALOG = "/procurement/catalog"
MANUFACTURERS = "/procurement/manufacturers"
AGREEMENTS = "/finance/agreements"
RECAP = "/finance/agreementrecap"
BILLING_CYCLES = "/finance/billingCycles"
INVOICES = "/finance/invoices"
CUSTOM_FIELDS = "/system/userDefinedFields"


def additions_path(agreement_id: int) -> str:
    """The additions of an agreement."""
    return f"{AGREEMENTS}/{agreement_id}/additions"
