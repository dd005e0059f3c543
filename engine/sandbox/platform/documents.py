"""The platform's records as it sends them: customers, products with their plans, subscriptions, orders."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from engine.sandbox.calendar import add_term, instant

Document = dict[str, Any]
OfferKey = tuple[str, str, str]

CURRENCY = "USD"
RESELLER = "Example Cloud Reseller"
PROVIDERS = {
    "1": "Amazon Web Services",
    "2": "Google Cloud Platform",
    "29": "IBM Passport Advantage",
    "30": "Microsoft CSP",
    "32": "Sophos",
}
_RESOURCE_TYPES = {
    "1": "AWS::Resource",
    "2": "GSUITE::Subscription",
    "29": "IBM::Order",
    "30": "AZURE::Subscription",
    "32": "SOPHOS::Tenant",
}
_PERIODS = {"monthly": "MONTHLY", "annual": "ANNUAL", "one_time": "ONE_TIME"}


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One plan of one product of one provider, with its list price and cost per unit and billing cycle.

    `part` is "PRODUCT:SKU" of the manufacturer; a metered offer has neither part number nor prices.
    """

    provider: str
    product: str
    product_name: str
    sku: str
    plan: str
    name: str
    description: str
    term: str = "P1M"
    cycle: str = "monthly"
    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    part: str | None = None
    metered: bool = False

    @property
    def key(self) -> OfferKey:
        """Provider, product and plan."""
        return (self.provider, self.product, self.plan)

    @property
    def mpn(self) -> str | None:
        """The manufacturer part number of the plan, such as CFQ7TTC0LCHC:0002:P1Y:M."""
        return f"{self.part}:{self.term}:{self.cycle[0].upper()}" if self.part else None


def customer_document(
    *, account: str, id: int, name: str, address: Document, mail: str, since: date, active: bool = True
) -> Document:
    """A customer. Its contact is a role, not a person."""
    return {
        "name": f"accounts/{account}/customers/{id}",
        "uid": f"sandbox-customer-{id}",
        "customerOrganization": name,
        "customerAddress": address,
        "customerName": "Accounts payable",
        "customerEmail": mail,
        "customerPhone": "",
        "languageCode": "en",
        "customerStatus": "ACTIVE" if active else "INACTIVE",
        "createTime": instant(since, id),
        "updateTime": instant(since, id),
    }


def product_documents(account: str, offers: Iterable[Offer], since: date) -> list[Document]:
    """The catalog: one record per provider and product, its offers as skus with one plan each."""
    families: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        families.setdefault((offer.provider, offer.product), []).append(offer)
    return [_product(account, family, since) for family in families.values()]


def _product(account: str, family: list[Offer], since: date) -> Document:
    first = family[0]
    provider = f"accounts/{account}/cloudProviders/{first.provider}"
    return {
        "name": f"accounts/{account}/products/{first.product}",
        "id": first.product,
        "type": "CLOUD_REBILLING_PRODUCT" if first.metered else "SUBSCRIPTION_PRODUCTS",
        "productCloudProviderName": provider,
        "marketing": {
            "displayName": first.product_name,
            "description": f"{first.product_name} by {PROVIDERS[first.provider]}.",
        },
        "definition": {
            "productLanguage": "en",
            "supportedCurrencies": [CURRENCY],
            "billingMode": "POSTPAY",
            "skus": [_sku(offer, provider) for offer in family],
            "customFields": [],
        },
        "isSharedProduct": True,
        "createTime": instant(since, 7),
        "updateTime": instant(since, 7),
    }


def _sku(offer: Offer, provider: str) -> Document:
    plan: Document = {
        "id": offer.plan,
        "displayName": offer.name,
        "billingPeriod": _PERIODS[offer.cycle],
        "phases": [
            {
                "type": "UNLIMITED_PHASE",
                "duration": {"unit": "UNLIMITED", "unlimited": True},
                "recurringPrice": {CURRENCY: offer.price},
            }
        ],
        "productId": offer.product,
        "pricebookPrice": offer.price,
        "pricebookMasterPrice": offer.cost,
        "pricebookCurrency": CURRENCY,
        "productAvailability": True,
    }
    if offer.mpn:
        plan["mpnId"] = offer.mpn
    return {
        "id": offer.sku,
        "displayName": offer.name,
        "description": offer.description,
        "productId": offer.product,
        "productCloudProviderName": provider,
        "plans": [plan],
    }


def subscription_document(
    *,
    id: int,
    customer: int,
    customer_name: str,
    account: str,
    offer: Offer,
    quantity: int,
    start: date,
    price: Decimal | None = None,
    cost: Decimal | None = None,
    auto_renew: bool = True,
    trial: bool = False,
    name: str | None = None,
) -> Document:
    """A subscription just bought. As recorded, a metered one ends when it starts and costs nothing by itself."""
    term = "P30D" if trial else offer.term
    end = start if offer.metered else add_term(start, term)
    doc: Document = {
        "id": str(id),
        "customerId": str(customer),
        "resellerId": account,
        "isvId": "15700",
        "cloudProviderId": offer.provider,
        "cloudProviderName": PROVIDERS[offer.provider],
        "subscriptionId": f"{id:08x}-cafe-4000-8000-{customer:012x}",
        "subscriptionName": name or offer.name,
        "resourceType": _RESOURCE_TYPES[offer.provider],
        "subscriptionTotalLicenses": str(quantity),
        "unitType": "Licenses",
        "subscriptionStatus": "active",
        "subscriptionPurchasedDate": instant(start, id),
        "subscriptionStartDate": instant(start, id),
        "subscriptionEndDate": instant(end, id),
        "cancellationAllowedUntilDate": instant(start + timedelta(days=7), id),
        "subscriptionBillingType": "usage" if offer.provider == "1" else "license",
        "subscriptionBillingTerm": term,
        "subscriptionRenewStatus": "ENABLED" if auto_renew else "DISABLED",
        "isTrial": trial,
        "autoRenew": auto_renew,
        "customerName": customer_name,
        "partnerName": RESELLER,
        "lastUpdatedDate": instant(start, id, 60),
        "currency": CURRENCY,
        "renewalDate": instant(end, id),
    }
    put_offer(doc, offer)
    put_price(doc, offer.price if price is None else price, offer.cost if cost is None else cost)
    if trial:
        put_price(doc, Decimal(0), Decimal(0))
    return doc


def put_offer(doc: Document, offer: Offer) -> None:
    """Writes what a subscription says of its product and plan; a part number that is missing is left out."""
    product, _, sku = (offer.part or f"{offer.product}:{offer.sku}").partition(":")
    doc.update(
        ccpProductId=offer.product,
        ccpSkuId=offer.sku,
        ccpPlanId=offer.plan,
        subscriptionProductId=product,
        subscriptionSkuId=sku,
        subscriptionOfferId=f"{product}:{sku}",
        subscriptionBillingCycle=offer.cycle,
        ccpProductInfo={
            "productId": offer.product,
            "productDisplayName": offer.product_name,
            "skuId": offer.sku,
            "skuDisplayName": offer.name,
            "planId": offer.plan,
            "planDisplayName": offer.name,
        },
    )
    doc.pop("mfgPartNumber", None)
    if offer.mpn:
        doc["mfgPartNumber"] = offer.mpn


def put_price(doc: Document, price: Decimal, cost: Decimal) -> None:
    """Writes price and cost per unit, and what follows from them."""
    quantity = int(doc["subscriptionTotalLicenses"])
    margin = Decimal(0) if price == 0 else ((price - cost) * 100 / price).quantize(Decimal("0.01"))
    doc.update(price=price, cost=cost, msrp=price, margin=margin, total=price * quantity)


def order_document(*, account: str, id: int, action: str, subscription: Document, day: date) -> Document:
    """The order that brought a change about, already completed."""
    quantity = int(subscription["subscriptionTotalLicenses"])
    return {
        "name": f"accounts/{account}/customers/{subscription['customerId']}/orders/{id}",
        "accountId": account,
        "customerId": subscription["customerId"],
        "orderId": str(id),
        "displayName": f"{action} {subscription['subscriptionName']}",
        "userName": RESELLER,
        "status": "COMPLETED",
        "currencyCode": CURRENCY,
        "total": subscription["total"],
        "createTime": instant(day, id),
        "updateTime": instant(day, id, 90),
        "orderItems": [
            {
                "name": f"orderItems/{id}",
                "action": action,
                "resourceId": subscription["id"],
                "productId": subscription["ccpProductId"],
                "skuId": subscription["ccpSkuId"],
                "planId": subscription["ccpPlanId"],
                "quantity": quantity,
                "providerName": subscription["cloudProviderName"],
                "price": subscription["price"],
                "status": "COMPLETED",
            }
        ],
    }
