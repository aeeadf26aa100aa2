"""What a run does not answer by itself: readings of the papers, layers, other libraries, a user's own images."""
