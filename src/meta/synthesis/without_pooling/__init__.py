"""What can be said where no size is reported."""
