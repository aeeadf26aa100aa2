"""From heatmaps to numbers: levels, thresholds, metrics, rows of a table."""
