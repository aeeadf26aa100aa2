"""CAM on a network."""

import numpy as np

from tests.helpers.on_network import on_network
from tests.helpers.small_networks import SIZE, chain
from tests.helpers.twins.arithmetic import upsampled, weighted_sum


def test_cam_multiplies_the_last_stage_by_the_classs_weights():
    network = chain(kind="gap").double()
    found, evidence, (layer,) = on_network(network, "cam")
    weight = network.classifier.weight[1].detach().numpy()
    for b, a in enumerate(evidence.activation(layer).numpy()):
        np.testing.assert_allclose(found.values[b], upsampled(weighted_sum(weight, a), SIZE), rtol=1e-9, atol=1e-14)
