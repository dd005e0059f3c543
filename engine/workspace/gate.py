"""The schema gate: jsonschema-rs decides whether a file is accepted; where it refuses, `explain` says why."""

import json
from typing import Any

import jsonschema_rs

from engine.diagnostics import Diagnostic
from engine.workspace.explain import explanations
from engine.workspace.nodes import place_of_value
from engine.workspace.schemas import schema_text


class Gate:
    """Holds the compiled schemas while a workspace is loaded."""

    def __init__(self) -> None:
        self._schemas: dict[str, dict[str, Any]] = {}
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def problems(self, name: str, tree: object, file: str) -> list[Diagnostic]:
        """What the schema called `name` has against a file's document; nothing if it is accepted.

        The fast validator's verdict stands. The slower one only explains; where it finds nothing to explain, as the two
        differ in corners, the verdict's own message is given, with values hidden.
        """
        if name not in self._validators:
            schema = json.loads(schema_text(name))
            self._schemas[name] = schema
            self._validators[name] = jsonschema_rs.Draft202012Validator(schema, mask="the value")
        validator = self._validators[name]
        if validator.is_valid(tree):
            return []
        explained = explanations(self._schemas[name], tree, file)
        if explained:
            return explained
        return [
            Diagnostic(
                code="schema-refused",
                text=f"the schema refuses this: {error.message}",
                hint=f"`cwctl schema {name}` prints the schema.",
                place=place_of_value(file, tree, error.instance_path),
            )
            for error in validator.iter_errors(tree)
        ]
