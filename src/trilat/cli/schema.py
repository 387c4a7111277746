"""`trilat schema`: the JSON Schema of items, agreements and what else goes between nodes."""

from typing import Annotated

import typer

from trilat.cli.terminal import in_one_line, print_json
from trilat.model import schema_of


@in_one_line
def schema(
    name: Annotated[
        str, typer.Argument(help="item (any kind), one kind such as track, agreement, decision, release ...")
    ] = "item",
) -> None:
    """Print the JSON Schema of a noun's plain form."""
    print_json(schema_of(name))
