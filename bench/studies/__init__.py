"""Questions that a run alone does not answer: readings, layers, other libraries, a user's own images."""
