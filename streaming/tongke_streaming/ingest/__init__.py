"""What publishers send, taken apart: payload formats and parameter sets."""
