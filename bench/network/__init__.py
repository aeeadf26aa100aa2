"""Any `nn.Module`, asked as it is: its layers and stages, what it outputs, and running only a part of it."""
