"""From effects to an answer: pooling, its diagnostics, and synthesis without pooling."""
