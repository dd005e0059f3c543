"""Customers → companies: the six fields of the guide, on the company that a person mapped or asked for."""

from collections.abc import Mapping

import msgspec

from engine.diagnostics import Diagnostic
from engine.planning.fields import COMPANY, Field, change_of, differing
from engine.planning.names import alike, cut, same_name
from engine.planning.observed import Inputs
from engine.planning.part import Part, joined
from engine.planning.plan import Change, FieldChange, Held, Value
from engine.platform.models import Customer
from engine.psa.models import Company
from engine.psa.text import canonical
from engine.workspace.model import CustomerMapping, Reference

NAME_LENGTH = 50
"""Longest company name that the PSA takes (API facts 4.1)."""

_IDENTIFIER = Field("identifier", None, None, "identifier")
_TYPES = Field("types", None, None, "types")
_STATUS = Field("status", None, None, "status")
_SITE = Field("site", None, None, "site")


class CompanyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The part, and for each mapped customer the company it stands for: an id, or the address of its creation."""

    part: Part
    companies: Mapping[str, int | str]


def plan_companies(inputs: Inputs, selected: frozenset[str]) -> CompanyPlan:
    """Changes for the selected customers. A customer that cannot be resolved is held and is not in `companies`."""
    by_id = {company.id: company for company in inputs.observed.companies if not company.deleted}
    by_identifier = {company.identifier.casefold(): company for company in by_id.values()}
    parts: list[Part] = []
    companies: dict[str, int | str] = {}
    for mapping in inputs.workspace.mappings.customers.values():
        if mapping.customer not in selected:
            continue
        customer = inputs.observed.customers.get(mapping.customer)
        if customer is None:
            why = "the platform does not list this customer (any more)"
            parts.append(_held(mapping, "customer-missing", why, "check the id, or remove the mapping"))
            continue
        if mapping.create is not None:
            company = by_identifier.get(mapping.create.identifier.casefold())
            if company is None:
                change = _creation(inputs, mapping, customer)
                parts.append(Part(changes=(change,), notices=_notices(inputs, mapping, customer, None)))
                companies[mapping.customer] = f"@{change.address}"
                continue
            if not any(same_name(company.name, name) for name in (customer.name, cut(customer.name, NAME_LENGTH))):
                why = (
                    f"the identifier {company.identifier} belongs to another company already: "
                    f"{company.name!r} (id {company.id})"
                )
                parts.append(
                    _held(mapping, "company-identifier-taken", why, "choose another identifier, or map its id")
                )
                continue
        else:
            company = by_id.get(mapping.company or 0)
            if company is None:
                why = f"the PSA has no company {mapping.company}, or it was deleted there"
                parts.append(_held(mapping, "company-missing", why, "map the customer onto a company that exists"))
                continue
            confirmed = mapping.company_name is not None and same_name(mapping.company_name, company.name)
            if not confirmed and not alike(company.name, customer.name):
                why = (
                    f"the customer is {customer.name!r}, company {company.id} is {company.name!r}: too unlike to be "
                    "taken for one and the same"
                )
                hint = "check the id; if it is right, write `company_name` beside it as the PSA has it"
                parts.append(_held(mapping, "company-unconfirmed", why, hint))
                continue
        companies[mapping.customer] = company.id
        parts.append(_update(inputs, mapping, customer, company))
    return CompanyPlan(part=joined(parts), companies=companies)


def _values(inputs: Inputs, customer: Customer) -> dict[str, str]:
    """The platform's values of the six fields, in the PSA's form, by rule name."""
    country = inputs.workspace.rules.defaults.countries.get(customer.country, customer.country)
    return {
        "name": cut(customer.name, NAME_LENGTH),
        "address": cut(customer.street, 50),
        "city": cut(customer.city, 50),
        "state": cut(customer.state, 50),
        "zip": cut(customer.zip, 12),
        "country": country,
    }


def _country_known(inputs: Inputs, country: str) -> bool:
    return any(known.name == country for known in inputs.observed.countries)


def _update(inputs: Inputs, mapping: CustomerMapping, customer: Customer, company: Company) -> Part:
    values = _values(inputs, customer)
    wanted: list[tuple[Field, Value, Value]] = []
    for rule, field in COMPANY.items():
        if rule not in mapping.fields:
            continue
        # The platform's empty value never erases what a person entered in the PSA.
        if not values[rule] or (rule == "country" and not _country_known(inputs, values[rule])):
            continue
        wanted.append((field, getattr(company, field.field), values[rule]))
    notices = _notices(inputs, mapping, customer, company)
    fields = differing(wanted)
    if not fields:
        return Part(notices=notices, unchanged=1)
    change = Change(
        address=f"company:{mapping.customer}",
        kind="company",
        action="update",
        name=customer.name,
        customer=mapping.customer,
        object_id=company.id,
        fields=fields,
        reason="the platform's customer differs in fields that the rules keep in step",
        source=mapping.place,
    )
    return Part(changes=(change,), notices=notices)


def _creation(inputs: Inputs, mapping: CustomerMapping, customer: Customer) -> Change:
    values = _values(inputs, customer)
    defaults = inputs.workspace.rules.defaults.company
    fields: list[FieldChange] = [change_of(_IDENTIFIER, None, mapping.create.identifier if mapping.create else "")]
    for rule, field in COMPANY.items():
        if not values[rule] or (rule == "country" and not _country_known(inputs, values[rule])):
            continue
        # Without a name there is no company: it is sent even where the rules do not keep it in step.
        if rule in mapping.fields or rule == "name":
            fields.append(change_of(field, None, values[rule]))
    fields.append(change_of(_SITE, None, defaults.site))
    if defaults.status is not None:
        fields.append(change_of(_STATUS, None, reference_text(defaults.status)))
    if defaults.types:
        fields.append(change_of(_TYPES, None, tuple(reference_text(one) for one in defaults.types)))
    return Change(
        address=f"company:{mapping.customer}",
        kind="company",
        action="create",
        name=customer.name,
        customer=mapping.customer,
        fields=tuple(fields),
        reason="the mapping says `create`, and no company has this identifier",
        source=mapping.place,
    )


def reference_text(reference: Reference) -> str:
    """A reference to a set-up table as text: `#12` for an id, else the name."""
    return f"#{reference.id}" if reference.id is not None else reference.name or ""


def _notices(
    inputs: Inputs, mapping: CustomerMapping, customer: Customer, company: Company | None
) -> tuple[Diagnostic, ...]:
    found: list[Diagnostic] = []

    def warn(code: str, text: str, hint: str | None = None) -> None:
        found.append(
            Diagnostic(
                code=code, severity="warning", text=text, hint=hint, place=mapping.place, customer=mapping.customer
            )
        )

    if mapping.name is not None and not same_name(mapping.name, customer.name):
        warn(
            "name-differs",
            f"the mapping calls customer {customer.id} {mapping.name!r}; the platform calls it {customer.name!r}",
            "check that the id is the right one, then correct the name",
        )
    noted = mapping.company_name
    if company and noted and not any(same_name(noted, name) for name in (company.name, customer.name)):
        warn(
            "name-differs",
            f"the mapping calls company {company.id} {noted!r}; the PSA calls it {company.name!r}",
            "check that the id is the right one, then correct the name",
        )
    if not customer.active:
        warn("customer-inactive", f"customer {customer.id} ({customer.name}) is inactive on the platform")
    if len(canonical(customer.name)) > NAME_LENGTH and "name" in mapping.fields:
        warn("text-cut", f"the name {customer.name!r} is cut to the PSA's {NAME_LENGTH} characters")
    values = _values(inputs, customer)
    if "country" in mapping.fields and values["country"] and not _country_known(inputs, values["country"]):
        warn(
            "country-unknown",
            f"the PSA has no country {values['country']!r}; the company's country is left as it is",
            "name the PSA's country for it under `countries` in rules/defaults.yaml",
        )
    return tuple(found)


def _held(mapping: CustomerMapping, code: str, why: str, hint: str | None = None) -> Part:
    held = Held(
        kind="blocked",
        subject=f"customer:{mapping.customer}",
        name=mapping.name or mapping.customer,
        code=code,
        why=why,
        hint=hint,
        customer=mapping.customer,
        source=mapping.place,
    )
    return Part(held=(held,))
