"""How FullGrad scales its parts."""

import numpy as np
import pytest

from methods import METHODS, MethodError
from tests.helpers.made_up_evidence import made_up
from tests.helpers.twins import EVIDENCE_TWINS


def test_full_grad_may_scale_every_channel_alone():
    view = made_up()
    found, expected = METHODS["full-grad"].compute(view, scaling="channel"), EVIDENCE_TWINS["full-grad"](view, True)
    for layer, values in found.items():
        np.testing.assert_allclose(values, expected[layer], rtol=1e-9, atol=1e-12, err_msg=layer)
    with pytest.raises(MethodError, match="scaling is layer or channel, not 'image'"):
        METHODS["full-grad"].compute(view, scaling="image")
