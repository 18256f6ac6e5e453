"""Reading H.264 and placing a publisher's packets on the lesson's timeline."""
