"""Diagnostics for people and machines: `text`, `json`, `sarif`, `github`, each with one `render`."""
