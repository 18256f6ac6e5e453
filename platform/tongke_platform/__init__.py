"""Who takes part and what they may do; and the frame every slice stands in."""
