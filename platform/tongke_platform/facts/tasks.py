"""Sums kept up in the background."""

from tongke_platform.facts.rollups import sum_up
from tongke_platform.frame import Frame
from tongke_platform.rounds import Rounds

EVERY_S = 60.0


def rounds(frame: Frame) -> Rounds:
    return Rounds("sums of facts", lambda: sum_up(frame.database, frame.settings.zone), EVERY_S)
