"""What is proposed instead of a name that does not exist."""

from methods.spelling import did_you_mean


def test_near_names_are_proposed_and_otherwise_all():
    assert did_you_mean("colour", ["colours", "size"]) == "did you mean colours?"
    assert did_you_mean("zzz", ["colours", "size"]) == "there are colours, size"
