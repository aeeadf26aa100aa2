"""Reports: from a run's folder to tables and pictures."""
