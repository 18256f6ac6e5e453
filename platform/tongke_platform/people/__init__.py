"""Who takes part: people and what they are, where and when."""
