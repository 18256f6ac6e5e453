"""A course as members of an archive: a cartridge for other systems, a folder for a stick."""
