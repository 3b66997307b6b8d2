"""What an IR becomes. No backend imports another."""
