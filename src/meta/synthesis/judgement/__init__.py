"""What the answer means, and how sure it is."""
