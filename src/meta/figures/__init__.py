"""Drawing: every function takes and returns Matplotlib objects and changes no global state."""
