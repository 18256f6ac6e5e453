"""What states and the things topics are about are called on pages."""

from tongke_courses.boards.models import AnchorKind, Follow, TopicState
from tongke_platform.errors import N_

# As short as a chip.
CHIPS = {
    TopicState.OPEN: N_("In discussion"),
    TopicState.ADOPTED: N_("Adopted"),
    TopicState.TRIED: N_("Tried"),
    TopicState.KEPT: N_("Kept"),
    TopicState.DROPPED: N_("Dropped"),
}
LOOKS = {
    TopicState.OPEN: "",
    TopicState.ADOPTED: "warn",
    TopicState.TRIED: "warn",
    TopicState.KEPT: "ok",
    TopicState.DROPPED: "over",
}
# What the button says that takes a topic there.
TAKES = {
    TopicState.OPEN: N_("Discuss it again"),
    TopicState.ADOPTED: N_("Adopt it: somebody tries it"),
    TopicState.TRIED: N_("It was tried"),
    TopicState.KEPT: N_("It proved good: keep it"),
    TopicState.DROPPED: N_("It did not prove good: drop it"),
}
ANCHORS = {
    AnchorKind.LESSON: N_("About a lesson"),
    AnchorKind.MOMENT: N_("About a moment of a lesson"),
    AnchorKind.MATERIAL: N_("About a material"),
    AnchorKind.COURSE: N_("About a course"),
    AnchorKind.TEXTBOOK: N_("About a place in the textbook"),
}
ANCHOR_ICONS = {
    AnchorKind.LESSON: "video",
    AnchorKind.MOMENT: "circle-play",
    AnchorKind.MATERIAL: "file-text",
    AnchorKind.COURSE: "library",
    AnchorKind.TEXTBOOK: "book-open",
}
FOLLOWS = {
    Follow.ALL: N_("Everything in this group"),
    Follow.MINE: N_("What I take part in"),
    Follow.NOTHING: N_("Nothing"),
}
