"""Every table of the house, for migrations: importing this module has registered them all."""

from sqlalchemy import MetaData

import tongke_courses.boards.models
import tongke_courses.catalogue.models
import tongke_courses.groups.models
import tongke_courses.lessons.models
import tongke_courses.materials.models
import tongke_courses.packages.models
import tongke_courses.search.models
import tongke_courses.takehome.models
import tongke_courses.textbooks.models
import tongke_platform.accounts.models
import tongke_platform.audit.models
import tongke_platform.consent.models
import tongke_platform.devices.models
import tongke_platform.facts.models
import tongke_platform.imports.models
import tongke_platform.jobs
import tongke_platform.notices.models
import tongke_platform.organisations.models
import tongke_platform.partnerships.models
import tongke_platform.people.models
import tongke_platform.privacy.models
import tongke_platform.undo.models
from tongke_platform.database import Base

__all__ = ["metadata", "tongke_courses", "tongke_platform"]

metadata: MetaData = Base.metadata
