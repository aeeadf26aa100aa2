"""What is kept of a heatmap, and everything that is computed from it afterwards."""
