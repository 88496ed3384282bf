"""What is believed after the data, with a prior that is named."""
