"""The tests of the suite; a package, so that they can share helpers."""
