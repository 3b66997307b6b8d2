"""What a model costs to train and to run: memory, work of the backward pass, receptive fields, time on hardware."""
