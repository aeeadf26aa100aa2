"""Which methods of ours other libraries have too, and where their definitions depart from the papers'."""

from __future__ import annotations

from dataclasses import dataclass, replace

from methods.registry import library_of
from methods.spec import MethodSpec, parse

BACKENDS = {"own": "", "pytorch-grad-cam": "pgc"}
"""Prefix of the methods that replace ours, by backend."""


@dataclass(frozen=True)
class Counterpart:
    """A spec of ours, and the corresponding method of a library.

    Attributes:
        own: short text of our spec, with the options that come closest to the library's definition.
        other: name of the library's method.
        departure: how the library's definition differs, in a few words; empty if it does not.
    """

    own: str
    other: str
    departure: str = ""


CENTRED = "centres the channels and leaves the sign to chance"
COUNTERPARTS = (
    Counterpart("grad-cam", "pgc:GradCAM"),
    Counterpart("grad-cam", "captum:LayerGradCam"),
    Counterpart("grad-cam++", "pgc:GradCAMPlusPlus", "adds 1e-6 to a denominator of the size of g²"),
    Counterpart("xgrad-cam", "pgc:XGradCAM"),
    Counterpart("hires-cam", "pgc:HiResCAM"),
    Counterpart("layer-cam", "pgc:LayerCAM", "scales each layer to [0, 1] before they are joined"),
    Counterpart("layer-cam/stages=minmax[prepared=layer]", "pgc:LayerCAM", "adds 1e-7 to the range of each layer"),
    Counterpart("grad-cam-elementwise", "pgc:GradCAMElementWise"),
    Counterpart("full-grad", "pgc:FullGrad", "scales each channel to [0, 1]"),
    Counterpart("full-grad[scaling=channel]", "pgc:FullGrad", "adds 1e-7 to the range of each channel"),
    Counterpart("ablation-cam", "pgc:AblationCAM", "ablates by a layer's minimum less 1e7 where that is not 0"),
    Counterpart("score-cam", "pgc:ScoreCAM", "upsamples masks with aligned corners"),
    Counterpart("eigen-cam", "pgc:EigenCAM", CENTRED),
    Counterpart("eigen-grad-cam", "pgc:EigenGradCAM", CENTRED),
    Counterpart("guided-grad-cam", "captum:GuidedGradCam", "gives each pixel the value of Grad-CAM's nearest position"),
    Counterpart("sess:grad-cam", "pgc:SESS", "slides square windows and leaves out no patch"),
)


def through(spec: MethodSpec, backend: str) -> MethodSpec:
    """Return the method of a backend that replaces `spec`.

    It is `spec` itself if the backend has none, and if the spec has rules, options, a wrapper or a way of fusing, which
    only this suite has.

    Args:
        spec: any.
        backend: a name in `BACKENDS`.

    Raises:
        MethodError: the backend is not installed.
    """
    plain = not (spec.rules or spec.options or spec.wrapper) and spec.fuse == "sum"
    for one in COUNTERPARTS if plain and BACKENDS[backend] else ():
        if one.own == spec.name and library_of(one.other) == BACKENDS[backend]:
            return replace(parse(one.other), layers=spec.layers)
    return spec
