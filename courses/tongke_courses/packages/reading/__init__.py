"""Pure readers: from a package's file to one neutral structure, whatever system it comes from."""
