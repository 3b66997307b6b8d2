"""The ONNX backend: from the IR to a file, without tracing, and proof that the file computes what PyTorch does."""
