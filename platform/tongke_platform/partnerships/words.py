"""What pages call the kinds, states and promises of partnerships."""

from tongke_platform.errors import N_
from tongke_platform.partnerships import models
from tongke_platform.partnerships.models import (
    Act,
    Answer,
    Part,
    PartnershipKind,
    PartnershipState,
    PromiseKind,
    PromisePeriod,
    PromiseUnit,
)

KINDS = {
    PartnershipKind.PAIRED: N_("School partnership"),
    PartnershipKind.ENTRUSTED: N_("Entrusted management"),
    PartnershipKind.JOINT: N_("Joint school-running"),
}
KINDS_MEAN = {
    PartnershipKind.PAIRED: N_("One school gives lessons and help to one or several others."),
    PartnershipKind.ENTRUSTED: N_("One school also runs the other, with rights that are named."),
    PartnershipKind.JOINT: N_("Schools teach together: each may give lessons to each."),
}
STATES = {
    PartnershipState.PROPOSED: N_("Waiting for answers"),
    PartnershipState.ACTIVE: N_("In force"),
    PartnershipState.PAUSED: N_("Paused"),
    PartnershipState.DECLINED: N_("Declined"),
    PartnershipState.WITHDRAWN: N_("Withdrawn"),
    PartnershipState.ENDED: N_("Ended"),
}
# As macros/pieces.html paints states.
LOOKS = {
    PartnershipState.PROPOSED: "warn",
    PartnershipState.ACTIVE: "ok",
    PartnershipState.PAUSED: "warn",
    PartnershipState.DECLINED: "over",
    PartnershipState.WITHDRAWN: "over",
    PartnershipState.ENDED: "over",
}
PARTS = {Part.LEAD: N_("Lead school"), Part.PARTNER: N_("Partner school")}
ANSWERS = {
    Answer.WAITING: N_("Has not answered yet"),
    Answer.ACCEPTED: N_("Has accepted"),
    Answer.DECLINED: N_("Has declined"),
}
ANSWER_LOOKS = {Answer.WAITING: "warn", Answer.ACCEPTED: "ok", Answer.DECLINED: "over"}
STEPS = {
    Act.PROPOSE: N_("proposed it"),
    Act.ACCEPT: N_("accepted"),
    Act.DECLINE: N_("declined"),
    Act.WITHDRAW: N_("withdrew the proposal"),
    Act.PAUSE: N_("paused it"),
    Act.RESUME: N_("resumed it"),
    Act.END: N_("ended it"),
}
PROMISES = {
    PromiseKind.LESSONS: N_("Live lessons"),
    PromiseKind.TRAINING: N_("Training of teachers"),
    PromiseKind.VISITS: N_("Teaching on site"),
    PromiseKind.SHADOWING: N_("Teachers shadowing"),
    PromiseKind.SECONDMENT: N_("Teachers seconded"),
}
UNITS = {
    PromiseUnit.LESSON: N_("lessons"),
    PromiseUnit.HOUR: N_("hours"),
    PromiseUnit.TIME: N_("times"),
    PromiseUnit.PERSON: N_("people"),
}
COUNTED = {kind: UNITS[unit] for kind, unit in models.UNITS.items()}
PERIODS = {
    PromisePeriod.WEEK: N_("a week"),
    PromisePeriod.TERM: N_("a term"),
    PromisePeriod.YEAR: N_("a year"),
    PromisePeriod.WHOLE: N_("in all"),
}
DONE = {
    Act.ACCEPT: N_("The partnership is accepted."),
    Act.DECLINE: N_("The partnership is declined."),
    Act.WITHDRAW: N_("The proposal is withdrawn."),
    Act.PAUSE: N_("The partnership is paused."),
    Act.RESUME: N_("The partnership is in force again."),
    Act.END: N_("The partnership has ended."),
}
