"""What the platform of the example world offers, and the catalog items that the PSA already has for it."""

from decimal import Decimal
from typing import NamedTuple

from engine.sandbox.platform.documents import Offer


class Item(NamedTuple):
    """A catalog item of the PSA where it differs from what its offer says; None: as the offer says."""

    id: int
    identifier: str
    offer: str
    price: str | None = None
    cost: str | None = None
    name: str | None = None
    text: str | None = None
    part: str | None = None
    manufacturer: str | None = None
    auto_price: bool = False


def _m365(
    plan: str, name: str, part: str, price: str, cost: str, text: str, term: str, cycle: str = "monthly"
) -> Offer:
    return Offer(
        provider="30",
        product="Microsoft365-NCE",
        product_name="Microsoft 365 NCE",
        sku=f"sku-{plan}",
        plan=plan,
        name=name,
        description=text,
        term=term,
        cycle=cycle,
        price=Decimal(price),
        cost=Decimal(cost),
        part=part,
    )


OFFERS: dict[str, Offer] = {
    "basic": _m365(
        "business-basic-p1m",
        "Microsoft 365 Business Basic",
        "CFQ7TTC0LH18:0001",
        "7.1984627",
        "5.7587702",
        "Web and mobile apps, mail and meetings for one user.",
        "P1M",
    ),
    "standard": _m365(
        "business-standard-p1y",
        "Microsoft 365 Business Standard",
        "CFQ7TTC0LDPB:0001",
        "12.4837561",
        "9.9870049",
        "Desktop apps, mail and meetings for one user.",
        "P1Y",
    ),
    "premium": _m365(
        "business-premium-p1y",
        "Microsoft 365 Business Premium",
        "CFQ7TTC0LCHC:0002",
        "21.9613508",
        "17.5690806",
        "Desktop apps with device management and advanced security for one user.",
        "P1Y",
    ),
    "e3": _m365(
        "e3-no-teams-p1m",
        "Microsoft 365 E3 (no Teams)",
        "CFQ7TTC0LFLX:0013",
        "33.7518294",
        "27.0014635",
        "Enterprise apps, compliance and device management for one user.",
        "P1M",
    ),
    "e5": _m365(
        "e5-p1y-annual",
        "Microsoft 365 E5, paid yearly",
        "CFQ7TTC0LFLZ:0002",
        "684.0391752",
        "547.2313402",
        "Enterprise apps with advanced security and voice for one user, a year at a time.",
        "P1Y",
        "annual",
    ),
    "exchange": _m365(
        "exchange-plan1-p1m",
        "Exchange Online (Plan 1)",
        "CFQ7TTC0EX01:0001",
        "4.0127384",
        "3.2101907",
        "A mailbox of 50 GB.",
        "P1M",
    ),
    "copilot": _m365(
        "copilot-p1y-annual",
        "Microsoft 365 Copilot, paid yearly",
        "CFQ7TTC0CP01:0001",
        "360.0584916",
        "288.0467933",
        "Copilot for one user, a year at a time.",
        "P1Y",
        "annual",
    ),
    "visio": _m365(
        "visio-plan2-p1y",
        "Visio Plan 2",
        "CFQ7TTC0HD32:0002",
        "15.0284617",
        "12.0227694",
        "Visio as a desktop and a web app for one user.",
        "P1Y",
    ),
    "azure": Offer(
        provider="30",
        product="MSAZURE-plan",
        product_name="Microsoft Azure Plan",
        sku="azure-plan",
        plan="azure-plan-monthly",
        name="Azure Plan",
        description="Consumption of Azure services.",
        metered=True,
    ),
    "google-starter": Offer(
        provider="2",
        product="Google-Workspace",
        product_name="Google Workspace",
        sku="business-starter",
        plan="business-starter-flexible",
        name="Google Workspace Business Starter",
        description="Mail, calendar and documents for one user.",
        price=Decimal("7.2066193"),
        cost=Decimal("5.7652954"),
    ),
    "google-standard": Offer(
        provider="2",
        product="Google-Workspace",
        product_name="Google Workspace",
        sku="business-standard",
        plan="business-standard-p1y",
        name="Google Workspace Business Standard",
        description="Mail, calendar and documents with 2 TB for one user.",
        term="P1Y",
        price=Decimal("14.1133846"),
        cost=Decimal("11.2907077"),
        part="GAPPS-BUS-STD:0001",
    ),
    "aws": Offer(
        provider="1",
        product="AWS-Account",
        product_name="AWS Account",
        sku="aws-consumption",
        plan="aws-consumption-monthly",
        name="AWS Consumption",
        description="Consumption of AWS services.",
        metered=True,
    ),
    "sophos-ix": Offer(
        provider="32",
        product="Sophos-Central",
        product_name="Sophos Central",
        sku="intercept-x-advanced",
        plan="intercept-x-advanced-msp",
        name="Sophos Intercept X Advanced",
        description="Endpoint protection for one user.",
        price=Decimal("3.8419027"),
        cost=Decimal("2.8814270"),
        part="CIXA:MSP",
    ),
    "sophos-email": Offer(
        provider="32",
        product="Sophos-Central",
        product_name="Sophos Central",
        sku="email-advanced",
        plan="email-advanced-msp",
        name="Sophos Email Advanced",
        description="Mail protection for one mailbox.",
        price=Decimal("2.1176354"),
        cost=Decimal("1.5882266"),
        part="CEMA:MSP",
    ),
    "ibm": Offer(
        provider="29",
        product="IBM-SPSS",
        product_name="IBM SPSS Statistics",
        sku="spss-base",
        plan="spss-base-p1y",
        name="IBM SPSS Statistics Base",
        description="Statistics for one user.",
        term="P1Y",
        cycle="annual",
        price=Decimal("1188.2460913"),
        cost=Decimal("950.5968730"),
        part="D0EJLLL:0001",
    ),
}
"""By a short name of this file's own. Visio has no catalog item yet, and IBM products cannot be mapped."""

MANUFACTURERS = {11: "Microsoft", 12: "Google", 13: "Amazon Web Services", 14: "Example Appliances"}
"""Sophos is missing, so that the first plan makes it."""
MANUFACTURER_OF = {"30": 11, "2": 12, "1": 13}

ITEMS = (
    Item(101, "M365-BUS-BASIC", "basic"),
    Item(102, "M365-BUS-STD", "standard", price="11.90", cost="9.52"),
    Item(103, "M365-BUS-PREM", "premium", part="CFQ7TTC0LCHC:0001:P1Y:M"),
    Item(104, "M365-E3", "e3", name="M365 E3"),
    Item(105, "M365-E5-Y", "e5"),
    Item(106, "EXO-PLAN1", "exchange", price="3.80", auto_price=True),
    Item(107, "M365-COPILOT-Y", "copilot", text="Copilot."),
    Item(108, "AZURE-USAGE", "azure"),
    Item(109, "GOOGLE-STARTER", "google-starter"),
    Item(110, "GOOGLE-STD", "google-standard", cost="10.75"),
    Item(111, "AWS-USAGE", "aws"),
    Item(112, "SOPHOS-IX-ADV", "sophos-ix"),
    Item(113, "SOPHOS-EMAIL-ADV", "sophos-email", part=""),
)
