"""The figure of readings."""

import numpy as np
from PIL import Image

from reports.readings_figure import draw
from tests.helpers.readings import ROWS


def test_a_panel_a_method_with_its_readings_in_order(tmp_path, figures):
    path = draw(ROWS, tmp_path)
    (figure,) = figures
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["ra-cam@50", "lt-grad-cam@50"]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["default", "fusing: gmean", "fusing: product", "layers: last", "counted over: all images"]
    pixels = np.asarray(Image.open(path).convert("L"))
    assert pixels.std() > 10
