"""How a lesson travels: ingest, relay, HLS, archive.

Knows lesson ids, sources, tokens it is told to trust, and bytes; no school, person or table.
"""
