"""One batch explained: what a classifier computed on it, what a method may read of that, and the heatmap."""
