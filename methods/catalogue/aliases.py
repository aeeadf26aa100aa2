"""The names that the papers gave to combinations.

LTGrad-CAM paper: Dong et al. 2025, Meas. Sci. Technol. 36 066138. RA-CAM paper: Dong et al.,
Region-Aware CAM: high-resolution weakly-supervised defect segmentation via salient region perception.
"""

from methods.registry import alias

alias("lt-grad-cam", "grad-cam/stages+lt")  # LTGrad-CAM paper, eq. 11 as Grad-CAM with eq. 9 put in
alias("lt-layer-cam", "layer-cam+lt")  # LTGrad-CAM paper, section 6.1
alias("lt-full-grad", "full-grad+lt")  # LTGrad-CAM paper, table 3
alias("ra-cam", "hires-cam/stages+fgbp+lt")  # RA-CAM paper, eq. 5-7, weights that keep their position
alias("ra-cam-pooled", "grad-cam/stages+fgbp+lt")  # the same with weights averaged over positions
