"""The customers of the example world, with their companies and agreements in the PSA."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple


class Agreement(NamedTuple):
    id: int
    name: str
    start: date
    yearly: bool = False


class Customer(NamedTuple):
    """A customer of the platform; `company` None: unknown to the PSA. `in_psa` is what differs there."""

    id: int
    name: str
    street: str
    city: str
    state: str
    zip: str
    mail: str
    company: int | None
    identifier: str
    agreements: tuple[Agreement, ...]
    in_psa: Mapping[str, str] = MappingProxyType({})


def _cloud(id: int, start: str = "2026-01-01") -> tuple[Agreement, ...]:
    return (Agreement(id, "Cloud services", date.fromisoformat(start)),)


CUSTOMERS = (
    Customer(
        410001,
        "Larkspur Dental Group (example)",
        "14 Larkspur Way",
        "Columbus",
        "OH",
        "43004",
        "accounts@larkspur-dental.example",
        301,
        "LarkspurDental",
        _cloud(501),
    ),
    Customer(
        410002,
        "Harborlight Logistics (example)",
        "200 Harbor Street, Dock 7",
        "Norfolk",
        "VA",
        "23510",
        "accounts@harborlight.example",
        302,
        "Harborlight",
        _cloud(502),
    ),
    Customer(
        410003,
        "Copperfield Law Offices (example)",
        "9 Chancery Court",
        "Albany",
        "NY",
        "12207",
        "accounts@copperfield-law.example",
        303,
        "CopperfieldLaw",
        _cloud(503),
        {"name": "Copperfield Law (example)"},
    ),
    Customer(
        410004,
        "Blue Quarry Engineering (example)",
        "77 Granite Road",
        "Barre",
        "VT",
        "05641",
        "accounts@bluequarry.example",
        304,
        "BlueQuarry",
        _cloud(504),
        {"street": "12 Old Mill Lane", "city": "Montpelier", "zip": "05602"},
    ),
    Customer(
        410005,
        "Maplewood Veterinary Clinic (example)",
        "31 Maplewood Avenue",
        "Madison",
        "WI",
        "53703",
        "accounts@maplewood-vet.example",
        305,
        "MaplewoodVet",
        _cloud(505, "2026-03-01"),
    ),
    Customer(
        410006,
        "Northgate Community Theatre (example)",
        "1 Northgate Square",
        "Salem",
        "OR",
        "97301",
        "boxoffice@northgate-theatre.example",
        306,
        "NorthgateTheatre",
        _cloud(506),
    ),
    Customer(
        410007,
        "Silver Birch Accounting (example)",
        "58 Birch Terrace",
        "Duluth",
        "MN",
        "55802",
        "office@silver-birch.example",
        307,
        "SilverBirch",
        (*_cloud(507), Agreement(513, "Cloud services, yearly", date(2026, 6, 1), yearly=True)),
    ),
    Customer(
        410008,
        "Tidewater Boatworks (example)",
        "4 Slipway Road",
        "Annapolis",
        "MD",
        "21401",
        "yard@tidewater-boats.example",
        308,
        "TidewaterBoats",
        _cloud(508, "2026-02-01"),
    ),
    Customer(
        410009,
        "Redwood Ridge School District (example)",
        "600 Ridge Boulevard",
        "Eureka",
        "CA",
        "95501",
        "finance@redwood-ridge.example",
        309,
        "RedwoodRidge",
        _cloud(509),
        {"state": "Calif."},
    ),
    Customer(
        410010,
        "Orchard Lane Bakery (example)",
        "22 Orchard Lane",
        "Geneva",
        "NY",
        "14456",
        "shop@orchard-lane.example",
        310,
        "OrchardLane",
        _cloud(510, "2026-05-01"),
    ),
    Customer(
        410011,
        "Ironbridge Robotics (example)",
        "5 Foundry Park",
        "Pittsburgh",
        "PA",
        "15222",
        "accounts@ironbridge.example",
        None,
        "Ironbridge",
        (),
    ),
    Customer(
        410012,
        "Fern Hollow Farm (example)",
        "Route 9, Box 40",
        "Hudson",
        "NY",
        "12534",
        "farm@fern-hollow.example",
        312,
        "FernHollow",
        _cloud(512),
    ),
)

BY_HAND = (510, 102, 3, "11.90", "Microsoft 365 Business Standard, billed by hand")
"""A line without a mark: agreement, catalog item, quantity, unit price, text."""
