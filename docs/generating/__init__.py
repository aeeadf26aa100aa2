"""Pages that are made from what the suite knows of itself: methods, commands, datasets and results."""
