"""What several runs or many specs say together: sweeps of δ, readings of the papers, factorial effects."""
