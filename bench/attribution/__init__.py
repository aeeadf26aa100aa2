"""How one batch is explained: what the classifier computed on it, what methods may read of that, and heatmaps."""
