"""The typed IR: graphs, their text form, and what must hold of them."""
