"""What acts are called on pages; an act not named here is shown as it is written."""

from tongke_platform.errors import N_

LABELS: dict[str, str] = {
    "person.made": N_("Person added"),
    "person.changed": N_("Person changed"),
    "people.imported": N_("People brought in from a table"),
    "name.made": N_("Sign-in name added"),
    "name.removed": N_("Sign-in name removed"),
    "post.given": N_("Post given"),
    "post.changed": N_("Post changed"),
    "post.taken": N_("Post taken away"),
    "entrustment.made": N_("Rights entrusted"),
    "entrustment.changed": N_("Entrusted rights changed"),
    "entrustment.removed": N_("Entrusted rights taken back"),
    "password.set": N_("Password set"),
    "session.made": N_("Signed in"),
    "session.removed": N_("Signed out"),
    "accounts.reset": N_("Code for a new password given"),
    "invitation.made": N_("Invitation made"),
    "invitation.revoked": N_("Invitation revoked"),
    "invitation.used": N_("Invitation used"),
    "second_step.on": N_("Second step switched on"),
    "second_step.off": N_("Second step switched off"),
    "token.made": N_("Program access made"),
    "token.changed": N_("Program access changed"),
    "organisation.made": N_("Organisation added"),
    "organisation.changed": N_("Organisation changed"),
    "room.made": N_("Classroom added"),
    "room.changed": N_("Classroom changed"),
    "consent.asked": N_("Consent asked for"),
    "consent.given": N_("Consent given"),
    "consent.withdrawn": N_("Consent withdrawn"),
    "consent.form_read": N_("Consent form opened"),
    "course.made": N_("Course made"),
    "course.changed": N_("Course published, withdrawn or opened differently"),
    "approval.asked": N_("A school's consent to a public lesson asked for"),
    "approval.answered": N_("A school's consent to a public lesson answered"),
    "class_link.made": N_("Link for a class at home made"),
    "class_link.revoked": N_("Link for a class at home revoked"),
    "data.exported": N_("Export of a person's data asked for"),
    "data.downloaded": N_("Export of a person's data downloaded"),
    "erasure.asked": N_("Erasure asked for"),
    "erasure.cancelled": N_("Erasure called off"),
    "erasure.done": N_("Person erased"),
}


def label_of(act: str) -> str:
    return LABELS.get(act, act)
