"""The relay: WHIP in, WHEP out, RTP forwarded as bytes."""
