"""Which rows the audit log watches: a change of one of these columns is an entry."""

from typing import Any
from uuid import UUID

from tongke_courses.boards.models import GroupFile
from tongke_courses.catalogue.models import Course, PublicApproval
from tongke_courses.groups.models import Group, GroupActivity, GroupLink
from tongke_platform.accounts.models import ApiToken, Credential, LoginSession
from tongke_platform.audit.watch import Watched, of_column, watch
from tongke_platform.consent.models import ConsentEvent
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.people.models import Entrustment, Membership, Person, SignInName
from tongke_platform.privacy.models import DataExport


def nobody(_record: Any) -> UUID | None:
    """It belongs to no organisation: read by platform administrators alone."""
    return None


TABLES = (
    Watched(
        Person,
        ("display_name", "deactivated_at", "erased_at"),
        made="person.made",
        changed="person.changed",
        organisation=nobody,
    ),
    Watched(
        SignInName,
        ("person_id", "kind", "organisation_code"),
        made="name.made",
        changed="name.changed",
        removed="name.removed",
        organisation=nobody,
    ),
    Watched(
        Membership,
        ("person_id", "role", "scope", "region_id", "scope_id", "post", "starts_on", "ends_on"),
        made="post.given",
        changed="post.changed",
        removed="post.taken",
    ),
    Watched(
        Entrustment,
        ("manager_id", "rule", "partnership_id", "starts_on", "ends_on", "suspended_at"),
        made="entrustment.made",
        changed="entrustment.changed",
        removed="entrustment.removed",
    ),
    Watched(
        Credential,
        ("person_id", "changed_at"),
        made="password.set",
        changed="password.set",
        organisation=nobody,
    ),
    Watched(
        LoginSession,
        ("person_id", "acting_for_id"),
        made="session.made",
        removed="session.removed",
        organisation=nobody,
    ),
    Watched(
        ApiToken,
        ("person_id", "label", "scopes", "expires_at", "revoked_at"),
        made="token.made",
        changed="token.changed",
        organisation=nobody,
    ),
    Watched(
        Organisation,
        ("code", "name", "kind", "region_id", "parent_id", "closed_on", "merged_into_id"),
        made="organisation.made",
        changed="organisation.changed",
        organisation=of_column("id"),
    ),
    Watched(
        Room,
        ("name", "school_id", "class_id", "class_size", "revoked_at", "token"),
        made="room.made",
        changed="room.changed",
        organisation=of_column("school_id"),
    ),
    Watched(
        ConsentEvent,
        ("pupil_id", "purpose", "act", "way", "until"),
        made="consent.entered",
    ),
    Watched(
        Course,
        ("school_id", "state", "visibility", "licence"),
        made="course.made",
        changed="course.changed",
        organisation=of_column("school_id"),
    ),
    Watched(
        PublicApproval,
        ("lesson_id", "state", "reason"),
        made="approval.asked",
        changed="approval.answered",
        organisation=of_column("school_id"),
    ),
    Watched(
        Group,
        ("kind", "visibility", "organisation_id", "region_id"),
        made="group.made",
        changed="group.changed",
    ),
    Watched(
        GroupLink,
        ("group_id", "expires_at", "revoked_at"),
        made="group_link.made",
        changed="group_link.revoked",
        organisation=nobody,
    ),
    Watched(
        GroupActivity,
        ("group_id", "cancelled_at"),
        changed="activity.cancelled",
        organisation=nobody,
    ),
    Watched(
        GroupFile,
        ("group_id", "deleted_at"),
        changed="group_file.removed",
        organisation=nobody,
    ),
    Watched(
        DataExport,
        ("person_id", "reason", "state"),
        made="data.exported",
        changed="data.changed",
        organisation=nobody,
    ),
)


def install() -> None:
    watch(TABLES)
