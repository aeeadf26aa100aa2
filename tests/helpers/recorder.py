"""A reporter that keeps what it is told."""

from bench.runs.reporter import ProgressReporter


class Recorder(ProgressReporter):
    """Keeps every step, fault and cost, in the order in which it was told."""

    def __init__(self):
        self.steps, self.told_faults, self.told_costs = [], [], {}
        self.left_out = set()
        super().__init__(lambda *step: self.steps.append(step))

    def faults(self, dataset, faults):
        self.told_faults += faults

    def costs(self, costs, kept):
        self.told_costs |= {str(cost.spec): cost for cost in costs}
        self.left_out |= {str(cost.spec) for cost in costs if cost not in kept}
