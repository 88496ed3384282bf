"""The effect, taken over all studies: one module a model."""
