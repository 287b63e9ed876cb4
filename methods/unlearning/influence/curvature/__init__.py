"""Products of a vector with the curvature of the mean loss: the generalised Gauss-Newton matrix or the Hessian."""
