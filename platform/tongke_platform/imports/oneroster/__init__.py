"""OneRoster 1.1 and 1.2 CSV (1EdTech): a zip of tables that name each other by sourcedId."""
