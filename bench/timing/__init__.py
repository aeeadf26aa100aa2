"""How long methods take: the workloads, what they are run on, and what is measured beside their time."""
