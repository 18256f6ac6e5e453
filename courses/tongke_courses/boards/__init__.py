"""What groups talk about: topics and replies that remember what became of them."""
