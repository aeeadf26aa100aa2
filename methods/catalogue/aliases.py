"""The names that the papers gave to combinations of method, layers and rules.

LTGrad-CAM paper: Dong et al. 2025, Meas. Sci. Technol. 36 066138. RA-CAM paper: Dong et al.,
Region-Aware CAM: high-resolution weakly-supervised defect segmentation via salient region perception.
"""

from methods.registry import alias

LTGRAD_CAM, RA_CAM = "Dong et al. 2025, LTGrad-CAM", "Dong et al. 2025, RA-CAM"

alias("lt-grad-cam", "grad-cam/stages+lt", paper=f"{LTGRAD_CAM}, eq. 11 as Grad-CAM with eq. 9 put in")
alias("lt-layer-cam", "layer-cam+lt", paper=f"{LTGRAD_CAM}, section 6.1")
alias("lt-full-grad", "full-grad+lt", paper=f"{LTGRAD_CAM}, table 3")
alias("ra-cam", "hires-cam/stages+fgbp+lt", paper=f"{RA_CAM}, eq. 5-7; weights keep their position")
alias("ra-cam-pooled", "grad-cam/stages+fgbp+lt", paper=f"{RA_CAM}, eq. 5-7; weights are averaged over positions")
