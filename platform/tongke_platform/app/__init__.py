"""The assembly: puts the slices and the media plane together. Imported by nobody but the CLI."""
