"""XML of others, read by lxml with everything off that reaches beyond the text, and by its shape alone.

Rules
1. The size has a limit before anything is parsed; the text is UTF-8; a document type is refused unread, so
   there are no entities, and nothing is fetched.
2. Comments and processing instructions are refused: readers differ in the text that they leave around them.
3. Every element and attribute is one that was asked for. What nobody asked for is refused, not skipped.
"""

import re
from typing import Any, Final, TypeAlias

from lxml import etree

from trilat.domains.marking.origin import absent, partial, unknown

XML_BYTES_MAX: Final = 131_072
_DEPTH_MAX: Final = 16
_DECLARED: Final = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_SPACE: Final = " \t\r\n"

Element: TypeAlias = Any
"""An element of lxml, which has no types of its own."""


def parse_xml(data: bytes) -> Element:
    """The root of a document.

    Raises:
        MarkingError: empty, too large, not UTF-8, not XML, or with more than elements and text (rules 1, 2).
    """
    _refuse_unreadable(data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
    )
    try:
        root: Element = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise partial(f"not whole XML: {error}") from error
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None or root.getprevious() is not None or root.getnext() is not None:
        raise unknown("XML with anything around its root element is not read: leave it out")
    for element in root.iter():
        if not isinstance(element.tag, str):
            raise unknown("XML with comments or processing instructions is not read: leave them out")
        if sum(1 for _ in element.iterancestors()) >= _DEPTH_MAX:
            raise unknown(f"XML with elements more than {_DEPTH_MAX} deep is not read")
    return root


def _refuse_unreadable(data: bytes) -> None:
    """Refuse what must not reach the parser (rule 1)."""
    if not data.strip():
        raise absent("there is no XML: nothing is marked")
    if len(data) > XML_BYTES_MAX:
        raise unknown(f"XML of {len(data)} bytes is over the limit of {XML_BYTES_MAX}: not read")
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared is not None and declared.group(1).upper() != b"UTF-8":
        raise unknown("XML in another encoding than UTF-8: write it in UTF-8")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise unknown(f"XML that is not UTF-8 at byte {error.start}: write it in UTF-8") from error
    if "<!DOCTYPE" in text or "\0" in text:
        raise unknown("XML with a document type is not read: leave it out")


class Parts:
    """The children of an element, taken in order; what is left over is refused by `end`."""

    def __init__(self, element: Element, namespace: str, attributes: frozenset[str] = frozenset()) -> None:
        """Refuse text between the children, and attributes but these."""
        self._element = element
        self._namespace = namespace
        self._children = list(element)
        between = [element.text, *(child.tail for child in self._children)]
        if any(text is not None and text.strip(_SPACE) for text in between):
            raise unknown(f"{name_of(element)} holds text between its elements: not read")
        refuse_attributes(element, attributes)

    def optional(self, name: str) -> Element | None:
        """The next child, where it is called so."""
        if self._children and self._children[0].tag == f"{{{self._namespace}}}{name}":
            return self._children.pop(0)
        return None

    def one(self, name: str) -> Element:
        """The next child, which must be called so."""
        child = self.optional(name)
        if child is None:
            found = name_of(self._children[0]) if self._children else "nothing"
            raise partial(f"{name_of(self._element)} wants `{name}` and has {found}")
        return child

    def every(self, name: str) -> list[Element]:
        """All next children that are called so."""
        found: list[Element] = []
        while (child := self.optional(name)) is not None:
            found.append(child)
        return found

    def end(self) -> None:
        """Refuse what was not taken."""
        if self._children:
            raise unknown(
                f"{name_of(self._element)} holds {name_of(self._children[0])}, which is not known there"
            )


def name_of(element: Element) -> str:
    """An element's name for people."""
    return f"`{etree.QName(element).localname[:60]}`"


def refuse_attributes(element: Element, allowed: frozenset[str]) -> None:
    """Refuse attributes but these; none of them has a namespace."""
    for attribute in element.attrib:
        if attribute not in allowed:
            raise unknown(f"{name_of(element)} has the attribute `{str(attribute)[:80]}`: not known there")


def text_of(element: Element, attributes: frozenset[str] = frozenset()) -> str:
    """The text of an element without children, as it stands: spaces at its ends are refused.

    Raises:
        MarkingError: it has children, other attributes, no text, or spaces at an end.
    """
    refuse_attributes(element, attributes)
    if len(element):
        raise unknown(f"{name_of(element)} holds elements where text belongs")
    text = element.text or ""
    if not text:
        raise partial(f"{name_of(element)} is empty")
    if text != text.strip() or "\n" in text:
        raise unknown(f"{name_of(element)} has spaces around its text, or several lines: write it closely")
    return text


def attribute_of(element: Element, name: str) -> str:
    """An attribute that must be there.

    Raises:
        MarkingError: it is absent or empty.
    """
    value = element.get(name)
    if not value:
        raise partial(f"{name_of(element)} lacks the attribute `{name}`")
    return str(value)
