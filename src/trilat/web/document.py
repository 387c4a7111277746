"""The OpenAPI document (3.1) of a table of operations, with one schema for each kind of report.

The document is made, not written: paths and errors from the operations, schemas from the shapes and from the
published JSON Schema of the model's nouns, so that it cannot say what the code does not do.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from trilat import __version__
from trilat.model import ITEM_KINDS, SCHEMA_DIALECT, schema_of
from trilat.node import SPOKEN_KINDS
from trilat.web.bodies import REPORTS_MAX
from trilat.web.operations import EVENTS, JSON, Operation

FILLED_BY_NODE: Final = ("status", "label", "provenance")
"""What an entry of a batch may leave out: the node knows better."""

_REFERENCE: Final = "#/components/schemas/{name}"
_EVERYWHERE: Final = (400, 401, 403, 405, 421, 500)
"""Statuses of the guard, of roles and of faults: any operation can have them."""

_SAID: Final = {
    400: "Not understood: the line says what is wrong.",
    401: "No token that is known.",
    403: "This role may not, or a page of another origin asked.",
    404: "There is nothing at this path.",
    405: "The path does not take this method.",
    408: "The body came too slowly.",
    409: "It contradicts what was said before.",
    413: "The body is too large.",
    421: "The Host header names another service.",
    429: "Too much was asked: the line says when to try again.",
    500: "A fault of this service: its log says more.",
    502: "The party's identity provider cannot be reached, or says nonsense.",
    503: "The service cannot do its work now.",
}


def openapi_document(
    title: str,
    description: str,
    operations: Iterable[Operation],
    *,
    shapes: Sequence[type[msgspec.Struct]] = (),
    schemas: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document of an application.

    Args:
        title: its name.
        description: what a reader must know first.
        operations: all of them.
        shapes: structs that stand in the document beyond those that operations name.
        schemas: further schemas by name.
    """
    listed = [operation for operation in operations if operation.documented]
    structs = [
        shape
        for operation in listed
        for shape in (operation.body, operation.answer)
        if isinstance(shape, type)
    ]
    _, components = msgspec.json.schema_components([*structs, *shapes], ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": SCHEMA_DIALECT,
        "info": {"title": title, "version": __version__, "description": description},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "responses": {str(status): _error_response(status) for status in sorted(_SAID)},
            "schemas": {
                "Error": _ERROR,
                **_plain(components),
                **(schemas or {}),
            },
        },
    }


def report_schemas() -> dict[str, Any]:
    """Schemas of what a feed may give: `report-KIND` for each kind, what they refer to, and `Batch`."""
    schemas: dict[str, Any] = {}
    kinds = [kind for kind in ITEM_KINDS if kind not in SPOKEN_KINDS]
    for kind in kinds:
        schema = _referring_to_components(schema_of(kind))
        definitions = schema["$defs"]
        own = definitions.pop(schema["$ref"].rpartition("/")[2])
        required = [name for name in own["required"] if name not in FILLED_BY_NODE]
        schemas.update(definitions)
        schemas[f"report-{kind}"] = {**own, "title": f"report-{kind}", "required": required}
    choices = {kind: _REFERENCE.format(name=f"report-{kind}") for kind in kinds}
    schemas["Batch"] = {
        "type": "object",
        "description": "A batch of a feed. Each report is checked alone: a bad one holds back no good one.",
        "properties": {
            "reports": {
                "type": "array",
                "minItems": 1,
                "maxItems": REPORTS_MAX,
                "items": {
                    "oneOf": [{"$ref": choice} for choice in choices.values()],
                    "discriminator": {"propertyName": "kind", "mapping": choices},
                },
            }
        },
        "required": ["reports"],
        "additionalProperties": False,
    }
    return schemas


_ERROR: Final = {
    "type": "object",
    "properties": {"error": {"type": "string", "description": "one line that says what to do"}},
    "required": ["error"],
    "additionalProperties": False,
}


def _error_response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": _SAID[status],
        "content": {JSON: {"schema": {"$ref": _REFERENCE.format(name="Error")}}},
    }
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response["headers"] = {"Allow": {"schema": {"type": "string"}, "required": True}}
    return response


def _operation(operation: Operation) -> dict[str, Any]:
    roles = ", ".join(sorted(operation.roles)) or "any role"
    success: dict[str, Any] = {"description": "Done."}
    if operation.answer_status == HTTPStatus.OK:
        schema = {"type": "string"} if operation.answer is None else _schema(operation.answer)
        schema = _event(operation.events) if operation.answer_media == EVENTS else schema
        success["content"] = {operation.answer_media: {"schema": schema}}
    if operation.answer_media == EVENTS:
        success["description"] = "Server-sent events, each of this form; see the document's description."
    told: dict[str, Any] = {
        "operationId": f"{operation.method.lower()}{operation.path.replace('/', '_').rstrip('_') or '_page'}",
        "summary": operation.summary,
        "description": f"For {roles}.",
        "responses": {
            str(operation.answer_status): success,
            **{
                str(status): operation.other_answers.get(status, {"$ref": f"#/components/responses/{status}"})
                for status in sorted({*_EVERYWHERE, *operation.errors, *operation.other_answers})
            },
        },
    }
    if not operation.needs_token:
        told["security"] = []
    if operation.parameters:
        told["parameters"] = [dict(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": _schema(operation.body)}}}
    return told


def _event(names: Sequence[str]) -> dict[str, Any]:
    """One event of a stream, as its fields stand on the wire."""
    data = {"type": "string", "contentMediaType": JSON, "description": "one line of JSON"}
    return {
        "type": "object",
        "properties": {"event": {"enum": list(names)}, "data": data},
        "required": ["event", "data"],
    }


def _schema(shape: type[msgspec.Struct] | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(shape, type):
        return {"$ref": _REFERENCE.format(name=shape.__name__)}
    return dict(shape)


def _referring_to_components(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema whose references lead to the document's components, not to its own definitions."""
    text = msgspec.json.encode(schema).replace(b'"#/$defs/', b'"#/components/schemas/')
    moved: dict[str, Any] = msgspec.json.decode(text)
    return moved


def _plain(schemas: Any) -> dict[str, Any]:
    """Schemas as JSON values: defaults of structs come as tuples."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schemas))
    return plain
