"""Files of weights: what is in them, whether it fits a model, and the module that has them."""
