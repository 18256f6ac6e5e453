"""An empty server: whoever can read its console makes the first administrator and the county."""
