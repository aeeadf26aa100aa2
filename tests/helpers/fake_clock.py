"""A clock for a stopwatch that is told how long things take."""


class FakeClock:
    """Keeps a log of what is done, and goes on by what workloads say."""

    def __init__(self):
        self.log = []
        self.now = 0.0
        self.processors = 0.0

    def wait(self):
        self.log.append("wait")

    def mark(self):
        self.log.append("mark")
        return self.now

    def seconds(self, first, last):
        return last - first

    def cpu_seconds(self):
        return self.processors

    def work(self, name, seconds=1.0, parts=()):
        """Return a workload that takes `seconds`, and before them those of its parts."""

        def prepare():
            self.log.append(f"prepare {name}")

            def run(watch):
                self.log.append(name)
                for part, long in parts:
                    with watch.part(part):
                        self.now += long
                self.now += seconds
                self.processors += 2 * seconds

            return run

        return prepare
