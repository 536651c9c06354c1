"""Text into documents, passages, vectors and keyword postings; the caches that search reads."""
