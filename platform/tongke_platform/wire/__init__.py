"""One WebSocket for every live page: topics, snapshots and events that survive a broken line.

``hub.Wire`` is what the rest of the program calls, ``kinds.Kind`` what a slice writes. The messages
are those of ``docs/wire.md``.
"""
