"""The values by which entries are ordered: tags, sectors, regions, phases and the like, as curated lists."""
