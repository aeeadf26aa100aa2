"""How long works take: a clock, the works, what they are run on, and what is measured beside their time."""
