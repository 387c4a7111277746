"""HTTP over a node and over an exercise's observer: intake, live streams, the page; it decides nothing.

`node_app` is a node's interface, `observer_app` the page's one origin, `serve` puts either on an address.
"""

from trilat.web.access import LOOPBACK_HOSTS, Access
from trilat.web.files import PageFiles, built_page
from trilat.web.node_app import node_app
from trilat.web.observer import Feed, Observer
from trilat.web.observer_app import Director, observer_app
from trilat.web.oidc import Provider
from trilat.web.people import People
from trilat.web.serve import Served, serve
from trilat.web.served import ServedNode
from trilat.web.streams import Streams

__all__ = [
    "LOOPBACK_HOSTS",
    "Access",
    "Director",
    "Feed",
    "Observer",
    "PageFiles",
    "People",
    "Provider",
    "Served",
    "ServedNode",
    "Streams",
    "built_page",
    "node_app",
    "observer_app",
    "serve",
]
