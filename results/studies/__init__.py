"""Studies over several runs or many specs: sweeps over δ, readings of the papers, factorial effects."""
