"""Whether tensors fit a model: names, sizes and kinds of numbers, and what is told where they do not."""
