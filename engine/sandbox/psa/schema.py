"""Names in conditions, orderings and field lists as members of a resource. Names are the same in any case there."""

from collections.abc import Mapping

from engine.sandbox.psa.errors import bad_request
from engine.sandbox.psa.members import INFO_MEMBERS, Member, Resource
from engine.sandbox.psa.operands import Field
from engine.sandbox.psa.records import BY_KIND

_CUSTOM = {"id": "integer", "caption": "text", "type": "text", "value": "object", "entrymethod": "text"}
_CUSTOM_NAMES = {"entrymethod": "entryMethod"}


def condition_field(resource: Resource, version: str, name: str) -> Field:
    """The member that a name in `conditions` or `orderBy` stands for, such as lastUpdated or company/id.

    Raises ApiError for an unknown one and for arrays.
    """
    head, _, rest = name.partition("/")
    info = _named(INFO_MEMBERS, rest if head.lower() == "_info" else head)
    own = _named(resource.members, head)
    if info is not None and (head.lower() == "_info" or (own is None and not rest)):
        return Field(("_info", info), INFO_MEMBERS[info].type)
    if own is None or not resource.members[own].known_in(version):
        raise _unknown(resource, name)
    member = resource.members[own]
    if member.type in ("references", "custom_fields"):
        raise bad_request(f"{name} is a list: use childConditions or customFieldConditions")
    if not rest:
        if member.type in ("reference", "object"):
            return Field((own,), "object")
        return Field((own,), member.type)
    return _below(resource, own, member, rest, name, many=False)


def child_field(resource: Resource, name: str) -> Field:
    """The member of an array's entries that a name in `childConditions` stands for, such as types/id."""
    head, _, rest = name.partition("/")
    own = _named(resource.members, head)
    if own is None or not rest:
        raise _unknown(resource, name)
    member = resource.members[own]
    if member.type == "custom_fields":
        return custom_field(rest)._replace(path=(own, *custom_field(rest).path), many=True)
    if member.type != "references":
        raise bad_request(f"{name} is not below a list")
    return _below(resource, own, member, rest, name, many=True)


def custom_field(name: str) -> Field:
    """What a name in `customFieldConditions` stands for: caption, value, id or type of a custom field."""
    word = name.lower()
    if word == "value":
        return Field(("value",), "object")
    if word not in _CUSTOM:
        raise bad_request(f"{name} is not known in customFieldConditions; there are caption, value, id and type")
    return Field((_CUSTOM_NAMES.get(word, word),), "integer" if word == "id" else "text")


def member_path(resource: Resource, version: str, name: str) -> tuple[str, ...]:
    """The path that a name in `fields` stands for. Raises ApiError for an unknown one."""
    head, _, rest = name.partition("/")
    if head.lower() == "_info":
        if not rest:
            return ("_info",)
        info = _named(INFO_MEMBERS, rest)
        if info is None:
            raise _unknown(resource, name)
        return ("_info", info)
    own = _named(resource.members, head)
    if own is None or not resource.members[own].known_in(version):
        raise _unknown(resource, name)
    if not rest:
        return (own,)
    if resource.members[own].type == "custom_fields":
        return (own, *custom_field(rest).path)
    return _below(resource, own, resource.members[own], rest, name, many=False).path


def _below(resource: Resource, own: str, member: Member, rest: str, name: str, *, many: bool) -> Field:
    if member.type == "object":
        return Field((own, *rest.split("/")), "object", many)
    if member.type not in ("reference", "references"):
        raise _unknown(resource, name)
    target = BY_KIND.get(member.target)
    if target is None or "/" in rest:
        raise _unknown(resource, name)
    if rest.lower() == "id":
        return Field((own, "id"), "integer", many)
    inner = _named(dict.fromkeys(target.shown), rest)
    if inner is None:
        raise _unknown(resource, name)
    return Field((own, inner), "text", many)


def _named(members: Mapping[str, object], name: str) -> str | None:
    if name in members:
        return name
    word = name.lower()
    return next((known for known in members if known.lower() == word), None)


def _unknown(resource: Resource, name: str) -> Exception:
    return bad_request(f"The field '{name}' is not known on {resource.name}.")
