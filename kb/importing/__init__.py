"""Documents that somebody brings: read in a process that can do no harm, and turned into drafts."""
