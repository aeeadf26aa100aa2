"""How sure a number is, and whether two methods or two runs differ."""
