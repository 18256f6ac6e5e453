"""Licences as people read them."""

from collections.abc import Mapping

from tongke_courses.catalogue.models import Licence
from tongke_platform.errors import N_

LICENCES: Mapping[Licence, str] = {
    Licence.SCHOOLS: N_("Schools of this platform may use it in their lessons"),
    Licence.VIEW: N_("To be watched on this platform only"),
    Licence.CC_BY: N_("Creative Commons: name the authors (CC BY 4.0)"),
    Licence.CC_BY_NC: N_("Creative Commons: name the authors, not for sale (CC BY-NC 4.0)"),
    Licence.CC_BY_NC_SA: N_(
        "Creative Commons: name the authors, not for sale, share alike (CC BY-NC-SA 4.0)"
    ),
    Licence.CC0: N_("Free for any use (CC0)"),
}
