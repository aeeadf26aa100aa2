"""The parts of the work of making heatmaps, whose times are told apart; the values are the texts that timings store."""

FORWARD, BACKWARD, METHOD, COUNTING = "forward", "backward", "method", "upsampling and histograms"
SCOPES = (FORWARD, BACKWARD, METHOD, COUNTING)
"""In the order in which they are done."""
