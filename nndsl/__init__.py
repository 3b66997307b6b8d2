"""nndsl."""
