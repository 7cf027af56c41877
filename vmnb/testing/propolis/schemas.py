"""The vendor's OpenAPI document, and what in a request or an answer is not as it says."""

import json
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker

__all__ = ["Schemas"]

_DOCUMENT = "propolis-server-5.0.0.openapi.json"
_UNSIGNED = {"uint8": 8, "uint32": 32, "uint64": 64, "uint": 64}


class Schemas:
    """Checks JSON values against the document's schemas."""

    def __init__(self) -> None:
        document = json.loads(files(__package__).joinpath(_DOCUMENT).read_text())
        self.version: str = document["info"]["version"]
        self._paths = document["paths"]
        self._components = _as_json_schema(document["components"])

    def problems(self, name: str, value: object) -> list[str]:
        """Return what in `value` is not as the schema `name` says; nothing where all is."""
        return self._problems({"$ref": f"#/components/schemas/{name}"}, value)

    def request_problems(self, method: str, path: str, value: object) -> list[str]:
        """Return what in a request's body is not as the document says."""
        body = self._paths[path][method.lower()].get("requestBody")
        return self._problems(_schema_of(body), value) if body else []

    def reply_problems(self, method: str, path: str, status: int, value: object) -> list[str]:
        """Return what in an answer is not as the document says."""
        replies = self._paths[path][method.lower()]["responses"]
        reply = replies.get(str(status))
        if reply is None and status >= 400:
            return self.problems("Error", value)
        if reply is None:
            return [f"{method} {path} has no answer {status}"]
        return self._problems(_schema_of(reply), value) if "content" in reply else []

    def _problems(self, schema: dict[str, Any], value: object) -> list[str]:
        whole = {**_as_json_schema(schema), "components": self._components}
        validator = Draft202012Validator(whole, format_checker=_formats())
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def _schema_of(body: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    return schema


def _as_json_schema(schema: Any) -> Any:
    """Return OpenAPI 3.0's schema as JSON Schema, which says `nullable` in another way."""
    if isinstance(schema, list):
        return [_as_json_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _as_json_schema(part) for key, part in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


@cache
def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, bits in _UNSIGNED.items():
        checker.checks(name)(lambda value, bits=bits: _fits(value, bits))
    checker.checks("uuid", raises=ValueError)(_is_uuid)
    return checker


def _fits(value: object, bits: int) -> bool:
    return not isinstance(value, int) or 0 <= value < 1 << bits


def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value.lower()
