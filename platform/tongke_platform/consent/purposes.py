"""What consent can be asked for, and the words guardians agree to.

Under 14 years these data are sensitive and need a guardian's own consent, apart for each purpose
(Personal Information Protection Law, articles 28 to 31).
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from tongke_platform.errors import N_


class Purpose(StrEnum):
    RECORDING = "recording"
    SHOW_WORK = "show_work"
    SHARE_REPLAY = "share_replay"
    PHOTOGRAPH = "photograph"
    CASE_FILE = "case_file"


@dataclass(frozen=True)
class Words:
    """``days``: how long consent holds, and with it what was made under it."""

    name: str
    what: str
    why: str
    days: int

    @property
    def version(self) -> str:
        """Changes when the words do: who agreed to the old ones has not agreed to the new ones."""
        text = "\n".join((self.name, self.what, self.why, str(self.days)))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


WORDS: dict[Purpose, Words] = {
    Purpose.RECORDING: Words(
        N_("Lessons recorded with your child's class"),
        N_(
            "The picture and sound of the classroom during a live lesson, in which your child may be "
            "seen and heard."
        ),
        N_("So that the class can watch the lesson again, and its teachers can improve it."),
        365,
    ),
    Purpose.SHOW_WORK: Words(
        N_("Your child's work shown in a lesson"),
        N_(
            "A photograph of an exercise or drawing, shown to the classes of the lesson without your "
            "child's full name."
        ),
        N_("So that a teacher can talk about it with all the classes."),
        365,
    ),
    Purpose.SHARE_REPLAY: Words(
        N_("Recordings used outside the school"),
        N_(
            "The recording of a lesson with your child's class, watched by teachers of other schools "
            "who work with this school."
        ),
        N_("So that teachers of several schools can learn from the lesson."),
        365,
    ),
    Purpose.PHOTOGRAPH: Words(
        N_("Photographs of activities"),
        N_("Photographs of school activities on which your child can be seen."),
        N_("So that the school and its partner can report on what they do together."),
        365,
    ),
    Purpose.CASE_FILE: Words(
        N_("A file on how your child is helped"),
        N_(
            "Notes of talks and of the help your child receives, read only by the people who give it "
            "and by the child-protection officer."
        ),
        N_("So that those who help your child know what has been agreed."),
        365,
    ),
}
