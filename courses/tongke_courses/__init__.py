"""What is taught and talked about: lessons, and in time catalogue, boards, plans, observation."""
