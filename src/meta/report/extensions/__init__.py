"""What the site asks of Sphinx beyond its own: each module is one of its extensions."""
