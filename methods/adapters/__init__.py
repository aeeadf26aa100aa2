"""Methods of other libraries under names of their own, ``pgc:GradCAM`` or ``captum:Saliency``.

A library is imported when one of its methods is named. A heatmap is what the library returns, with its own
normalisation; negative values become 0 where maps are fused, as for all methods.
"""

from methods.adapters import pytorch_grad_cam, captum  # noqa: F401, I001  registers them in the order of tables
