"""From heatmaps to numbers: levels, thresholds, formulas over pixel counts, rows of a table."""
