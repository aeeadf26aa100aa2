"""The errors of this package."""


class MethodError(Exception):
    """Says which method or spec is wrong, why, and what to write instead."""


class NotApplicableError(MethodError):
    """Says why a method has no answer on this network; such a row is listed, not scored."""
