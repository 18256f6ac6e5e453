"""What kinds of organisations are called."""

from tongke_platform.errors import N_
from tongke_platform.organisations.models import OrganisationKind

KIND_NAMES: dict[OrganisationKind, str] = {
    OrganisationKind.SCHOOL: N_("School"),
    OrganisationKind.TOWNSHIP_CENTRE: N_("Township centre school"),
    OrganisationKind.TEACHING_POINT: N_("Teaching point"),
    OrganisationKind.BUREAU: N_("Education bureau"),
    OrganisationKind.UNIVERSITY: N_("University"),
    OrganisationKind.PRACTICE_BASE: N_("Practice base"),
    OrganisationKind.PROGRAMME_OFFICE: N_("Programme office"),
}
