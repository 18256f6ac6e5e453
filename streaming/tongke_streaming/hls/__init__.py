"""CMAF parts, playlists and the server that hands them out."""
