"""What happened, written by whoever saw it happen; hours, promises and indicators are read from it.

``facts.record(session, Fact(…))`` belongs into the transaction it reports.
"""

from tongke_platform.facts.kinds import Kind, kinds, register
from tongke_platform.facts.service import Fact, forget, pseudonym_of, record, record_all, reverse

__all__ = [
    "Fact",
    "Kind",
    "forget",
    "kinds",
    "pseudonym_of",
    "record",
    "record_all",
    "register",
    "reverse",
]
