"""Reports: a run folder in, tables, figures and a page out."""
