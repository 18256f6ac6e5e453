"""Who did what to what, when: a log that only grows.

``record`` writes an entry in the transaction of the change it tells of; ``watch`` does the same for
changed rows by itself.
"""

from tongke_platform.audit.origin import Origin, origin
from tongke_platform.audit.service import record

__all__ = ["Origin", "origin", "record"]
