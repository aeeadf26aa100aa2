"""The documentation: pages, what makes some of them, and what runs their examples."""
