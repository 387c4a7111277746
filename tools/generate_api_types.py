"""Writes frontend/src/lib/api.ts: what the page sends and gets, in TypeScript, from the OpenAPI documents.

    python tools/generate_api_types.py            # write it again; so does `make docs`

One interface for each shape, and one for each service that says what every operation takes and answers.
Shapes that only a feed gives are left out: no page sends reports.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from trilat.web import Access, Director, Observer, PageFiles, People, ServedNode, node_app, observer_app

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "frontend" / "src" / "lib" / "api.ts"

_HEAD: Final = """\
/**
 * What the page sends and gets, made by `tools/generate_api_types.py` from the OpenAPI documents of a node
 * and of an exercise's observer; do not edit by hand: `make docs` writes it again.
 */
"""
_UNKNOWN: Final = "Record<string, unknown>"
_FEED: Final = "/intake"
_LINE_MAX: Final = 110
_PLAIN: Final = {
    "integer": "number",
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "null": "null",
}


def documents() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The OpenAPI documents of a node with accounts and of an observer, neither of which runs."""
    nobody = People(lambda: cast("Any", None), idle_s=1, session_s=1, per_s=1)
    node = cast("ServedNode", SimpleNamespace(party="PARTY"))
    director = cast("Director", SimpleNamespace())
    of_node = node_app(node, Access({}, people=nobody), page=PageFiles.read(None))
    return of_node.state.document, observer_app(Observer(), director, Access({})).state.document


def text() -> str:
    """The text of api.ts."""
    node, observer = documents()
    used = sorted(set(_used(node, skip=(_FEED,))) | set(_used(observer)))
    schemas = {**observer["components"]["schemas"], **node["components"]["schemas"]}
    parts = [_HEAD, *(_shape(name, schemas[name]) for name in used)]
    parts += [_service("NodeApi", node), _service("ObserverApi", observer)]
    return "\n".join(parts)


def _used(document: Mapping[str, Any], skip: tuple[str, ...] = ()) -> Iterator[str]:
    """The shapes that operations of a page refer to, and what those refer to."""
    schemas = document["components"]["schemas"]
    waiting = [*_references([told for path, told in document["paths"].items() if path not in skip])]
    waiting += ["Shown", "ShownSight", "DecisionRow"]
    known: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in known and name in schemas:
            known.add(name)
            waiting += _references(schemas[name])
            yield name


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "$ref" and below.startswith("#/components/schemas/"):
                yield below.rpartition("/")[2]
            else:
                yield from _references(below)
    elif isinstance(value, list):
        for below in value:
            yield from _references(below)


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    lines = _comment(schema, "")
    if "properties" not in schema:
        return "\n".join([*lines, f"export type {name} = {_type(schema)};", ""])
    lines.append(f"export interface {name} {{")
    required = set(schema.get("required", ()))
    for field, told in schema["properties"].items():
        lines += _comment(told, "  ")
        lines.append(f"  {field}{'' if field in required else '?'}: {_type(told)};")
    return "\n".join([*lines, "}", ""])


def _comment(schema: Mapping[str, Any], indent: str) -> list[str]:
    """The description as a comment of one line; the shape's own page has the rest."""
    told = " ".join(str(schema.get("description", "")).split())
    line = f"{indent}/** {told} */"
    return [line] if told and len(line) <= _LINE_MAX else []


def _type(schema: Mapping[str, Any]) -> str:
    """A schema as a type; what it does not say is unknown."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " | ".join(dict.fromkeys(_type(one) for one in schema[choice]))
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    if "const" in schema:
        return _literal(schema["const"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_PLAIN.get(one, "unknown") for one in kind)
    if kind == "array":
        return _array(schema)
    if kind == "object":
        return _object(schema)
    return _PLAIN.get(str(kind), "unknown")


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower() if value is not None else "null"


def _array(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(one) for one in schema['prefixItems'])}]"
    entry = _type(schema["items"]) if isinstance(schema.get("items"), dict) else "unknown"
    return f"({entry})[]" if " " in entry else f"{entry}[]"


def _object(schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    fields = [
        f"{field}{'' if field in required else '?'}: {_type(told)}"
        for field, told in schema.get("properties", {}).items()
    ]
    if fields:
        return f"{{ {'; '.join(fields)} }}"
    further = schema.get("additionalProperties")
    return f"Record<string, {_type(further)}>" if isinstance(further, dict) else _UNKNOWN


def _service(name: str, document: Mapping[str, Any]) -> str:
    lines = [
        "/** What each operation takes and answers, by method and path. */",
        f"export interface {name} {{",
    ]
    for path, methods in sorted(document["paths"].items()):
        if path == _FEED:
            continue
        for method, told in sorted(methods.items()):
            body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            answer = (
                told["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
            )
            fields = [] if body is None else [f"body: {_type(body)}"]
            fields += [] if answer is None else [f"answer: {_type(answer)}"]
            lines.append(f"  '{method.upper()} {path}': {{ {'; '.join(fields)} }};")
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
