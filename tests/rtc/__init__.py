"""The relay: its parsers alone, its sessions against aiortc, FFmpeg and Chromium, and its enemies."""
