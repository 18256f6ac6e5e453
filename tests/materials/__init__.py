"""Files: uploads, the store, materials, captions, downloads."""
