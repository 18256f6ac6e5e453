"""What kinds, parts and states are called on pages."""

from tongke_courses.groups.models import ActivityKind, GroupKind, GroupVisibility
from tongke_platform.errors import N_
from tongke_platform.people.roles import Role

KINDS = {
    GroupKind.RESEARCH_GROUP: N_("Research group"),
    GroupKind.PLANNING_GROUP: N_("Planning group"),
    GroupKind.MASTER_STUDIO: N_("Master-teacher studio"),
}
PARTS = {
    Role.GROUP_HEAD: N_("Head"),
    Role.LEAD_PLANNER: N_("Lead planner"),
    Role.GROUP_MEMBER: N_("Member"),
    Role.GROUP_RESEARCHER: N_("Researcher"),
    Role.OBSERVER: N_("Guest, listens in"),
}
VISIBILITIES = {
    GroupVisibility.LISTED: N_("Everybody with an account finds it and may ask to join"),
    GroupVisibility.BY_LINK: N_("Whoever has a link from its head joins; others do not see it"),
    GroupVisibility.HIDDEN: N_("Only who is invited sees it"),
}
ACTIVITIES = {
    ActivityKind.COLLECTIVE_PLANNING: N_("Collective planning"),
    ActivityKind.SAME_LESSON: N_("Same lesson, different designs"),
    ActivityKind.LESSON_REFINING: N_("Lesson refining"),
    ActivityKind.DEMONSTRATION: N_("Demonstration lesson"),
    ActivityKind.DISCUSSION: N_("Discussion of a topic"),
    ActivityKind.CALIBRATION: N_("Rater calibration"),
}
