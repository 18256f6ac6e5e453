"""Materials of lessons and courses: files with versions, links, and how files come in and go out."""
