"""The roles of the house and the kinds of scope one can be held in."""

from enum import StrEnum

from tongke_platform.errors import N_


class Scope(StrEnum):
    """What a role is held over. A region counts with all below it, an organisation with its points."""

    PLATFORM = "platform"
    REGION = "region"
    ORGANISATION = "organisation"
    GROUP = "group"
    LESSON = "lesson"


class Role(StrEnum):
    ADMIN = "admin"
    BUREAU_ADMIN = "bureau_admin"
    SUPERVISOR = "supervisor"
    RESEARCHER = "researcher"
    PROGRAMME_OFFICER = "programme_officer"
    CHILD_PROTECTION = "child_protection"
    SCHOOL_ADMIN = "school_admin"
    PRINCIPAL = "principal"
    ACADEMIC_OFFICE = "academic_office"
    IT = "it"
    LEAD_TEACHER = "lead_teacher"
    LOCAL_TEACHER = "local_teacher"
    VOLUNTEER = "volunteer"
    GUARDIAN = "guardian"
    DONOR = "donor"
    GROUP_HEAD = "group_head"
    LEAD_PLANNER = "lead_planner"
    GROUP_MEMBER = "group_member"
    GROUP_RESEARCHER = "group_researcher"
    OBSERVER = "observer"


NAMES: dict[Role, str] = {
    Role.ADMIN: N_("Platform administrator"),
    Role.BUREAU_ADMIN: N_("Bureau administrator"),
    Role.SUPERVISOR: N_("Bureau supervisor"),
    Role.RESEARCHER: N_("Teaching researcher"),
    Role.PROGRAMME_OFFICER: N_("Programme office"),
    Role.CHILD_PROTECTION: N_("Child-protection officer"),
    Role.SCHOOL_ADMIN: N_("School administrator"),
    Role.PRINCIPAL: N_("Principal"),
    Role.ACADEMIC_OFFICE: N_("Academic office"),
    Role.IT: N_("School IT"),
    Role.LEAD_TEACHER: N_("Lead teacher"),
    Role.LOCAL_TEACHER: N_("Local teacher"),
    Role.VOLUNTEER: N_("Volunteer"),
    Role.GUARDIAN: N_("Guardian"),
    Role.DONOR: N_("Donor"),
    Role.GROUP_HEAD: N_("Group head"),
    Role.LEAD_PLANNER: N_("Lead planner"),
    Role.GROUP_MEMBER: N_("Group member"),
    Role.GROUP_RESEARCHER: N_("Group researcher"),
    Role.OBSERVER: N_("Observer"),
}

# Where each may be held; the first is what a form offers.
SCOPES: dict[Role, tuple[Scope, ...]] = {
    Role.ADMIN: (Scope.PLATFORM,),
    Role.BUREAU_ADMIN: (Scope.REGION,),
    Role.SUPERVISOR: (Scope.REGION,),
    Role.RESEARCHER: (Scope.REGION, Scope.ORGANISATION),
    Role.PROGRAMME_OFFICER: (Scope.ORGANISATION, Scope.REGION, Scope.PLATFORM),
    Role.CHILD_PROTECTION: (Scope.REGION, Scope.ORGANISATION),
    Role.SCHOOL_ADMIN: (Scope.ORGANISATION,),
    Role.PRINCIPAL: (Scope.ORGANISATION,),
    Role.ACADEMIC_OFFICE: (Scope.ORGANISATION,),
    Role.IT: (Scope.ORGANISATION,),
    Role.LEAD_TEACHER: (Scope.ORGANISATION,),
    Role.LOCAL_TEACHER: (Scope.ORGANISATION,),
    Role.VOLUNTEER: (Scope.ORGANISATION, Scope.REGION),
    Role.GUARDIAN: (Scope.ORGANISATION,),
    Role.DONOR: (Scope.PLATFORM,),
    Role.GROUP_HEAD: (Scope.GROUP,),
    Role.LEAD_PLANNER: (Scope.GROUP,),
    Role.GROUP_MEMBER: (Scope.GROUP,),
    Role.GROUP_RESEARCHER: (Scope.GROUP,),
    Role.OBSERVER: (Scope.GROUP, Scope.LESSON),
}

# Who works at a school: what the school as a whole may see, they may.
STAFF = frozenset(
    {
        Role.SCHOOL_ADMIN,
        Role.PRINCIPAL,
        Role.ACADEMIC_OFFICE,
        Role.IT,
        Role.LEAD_TEACHER,
        Role.LOCAL_TEACHER,
        Role.VOLUNTEER,
    }
)
