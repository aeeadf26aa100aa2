"""What is kept on disk: runs and their cells, baselines, timings, and the papers' published numbers."""
