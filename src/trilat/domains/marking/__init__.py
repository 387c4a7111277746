"""Labels in the formats of others, in and out: STANAG 4774 and 4778, TLP 2.0 and PAP, STIX 2.1, banner lines.

Everything is read letter by letter: what is absent, partial or unknown is a `MarkingError` with the reason
for which policy would withhold. Everything is written only where the format can say all that the label asks.
"""

from trilat.domains.marking.banner import read_banner, write_banner
from trilat.domains.marking.origin import Origin
from trilat.domains.marking.stanag4774 import read_4774, write_4774
from trilat.domains.marking.stanag4778 import read_4778, write_4778
from trilat.domains.marking.stix import read_stix, write_stix
from trilat.domains.marking.tlp import Pap, Tlp, read_tlp, write_tlp
from trilat.domains.marking.words import LANGUAGES, label_in_words, marking_of

__all__ = [
    "LANGUAGES",
    "Origin",
    "Pap",
    "Tlp",
    "label_in_words",
    "marking_of",
    "read_4774",
    "read_4778",
    "read_banner",
    "read_stix",
    "read_tlp",
    "write_4774",
    "write_4778",
    "write_banner",
    "write_stix",
    "write_tlp",
]
