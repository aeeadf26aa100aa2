"""What can be found out about any `nn.Module` without changing it: layers and stages, outputs, parts run alone."""
