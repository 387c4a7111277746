"""`PageFiles`: the built page, read once. Only names that were there at the start are served: an address
never becomes a path of the file system.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import Response

from trilat.model import UsageError

FILE_BYTES_MAX: Final = 16 * 1_048_576
FILES_MAX: Final = 1_000
INDEX: Final = "index.html"

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""By suffix; whatever else lies in the folder is served as bytes without a meaning."""

_HASHED: Final = re.compile(r"assets/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9.]+")
"""Names that change with their content, as the page's builder makes them: kept by browsers for good."""

_NO_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Trilat</title></head>
<body><p>This build of Trilat has no page: install Node.js 20 or later and run
<code>pip install .</code> again; what is served here stands in
<a href="/openapi.json">/openapi.json</a>.</p></body>
</html>
"""


def built_page() -> Path | None:
    """Where the built page lies in this package; None where it was left out."""
    folder = Path(__file__).parent / "page"
    return folder if (folder / INDEX).is_file() else None


@dataclass(frozen=True)
class PageFiles:
    """Contents by address."""

    contents: Mapping[str, bytes]

    @classmethod
    def read(cls, folder: Path | None) -> "PageFiles":
        """The files of a built page; without a folder, one page that says how to get it.

        Raises:
            UsageError: the folder has no `index.html`, or holds more than a page does.
        """
        if folder is None:
            return cls({INDEX: _NO_PAGE.encode("utf-8")})
        contents: dict[str, bytes] = {}
        for path in sorted(folder.rglob("*")):
            # A link could lead out of the folder.
            if path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_size > FILE_BYTES_MAX or len(contents) >= FILES_MAX:
                raise UsageError(f"`{folder}` holds more than a page does: build it again")
            contents[path.relative_to(folder).as_posix()] = path.read_bytes()
        if INDEX not in contents:
            raise UsageError(f"`{folder}` has no {INDEX}: build the page again")
        return cls(contents)

    @classmethod
    def built(cls) -> "PageFiles":
        """Those of the page that was built with this package, or the one that says how to get it."""
        return cls.read(built_page())

    @property
    def paths(self) -> frozenset[str]:
        """Where they are asked for."""
        return frozenset({"/", *(f"/{name}" for name in self.contents)})

    def answer(self, name: str) -> Response | None:
        """The answer to `/name`; None where there is no such file."""
        name = name or INDEX
        content = self.contents.get(name)
        if content is None:
            return None
        kept = "private, max-age=31536000, immutable" if _HASHED.fullmatch(name) else "no-store"
        media_type = MEDIA_TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
        return Response(content, headers={"cache-control": kept}, media_type=media_type)
