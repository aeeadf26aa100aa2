"""Twins of methods/catalogue/relevance.py."""

from tests.helpers.twins.arithmetic import by_layer, summed
from tests.helpers.twins.registry import evidence_twin


@evidence_twin("lift-cam")
def lift_cam(view):
    """Jung and Oh 2021: the contribution of a channel is that of all its positions."""
    return by_layer(view, lambda layer, b: summed(view.deep_lift(layer)[b].numpy()))


@evidence_twin("relevance-cam")
def relevance_cam(view):
    """Lee et al. 2021: global average pooling of each channel's relevance."""
    return by_layer(view, lambda layer, b: summed(r := view.relevance(layer)[b].numpy()) / r[0].size)
