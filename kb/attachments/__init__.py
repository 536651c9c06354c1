"""Files that belong to entries: originals of what was imported, and the pictures of their texts."""
