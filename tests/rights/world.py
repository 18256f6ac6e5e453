"""The world the walk goes through: schools, those who ask, and what is filled into addresses."""

from dataclasses import dataclass, field

from tests.makers import Makers, Someone
from tests.rights import objects
from tests.rights.askers import RELATIONS, Asker, Places, make_askers
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role


@dataclass
class World:
    """``ids`` fill the places of addresses: by name, by ``/path/{name}`` where names repeat, or by
    the whole ``METHOD /path`` and name. ``marks`` are what an answer holds when it shows an object.
    """

    frame: Frame
    make: Makers
    places: Places
    owner: Someone
    askers: list[Asker] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    def fill(self, address: str) -> str:
        """The path of ``METHOD /path`` with ids in it. Raises KeyError for a place without one."""
        path = address.split()[1]
        parts = path.split("/")
        filled = list(parts)
        for index, part in enumerate(parts):
            before, brace, rest = part.partition("{")
            if brace:
                name, _, after = rest.partition("}")
                where = (f"{address} {name}", "/".join(parts[: index + 1]), name)
                found = next(self.ids[one] for one in where if one in self.ids)
                filled[index] = f"{before}{found}{after}"
        return "/".join(filled)

    def school(self, relation: str) -> str:
        return str(self.places.schools[relation].id)

    def code(self, relation: str) -> str:
        return self.places.schools[relation].code


async def _places(make: Makers) -> Places:
    """Each school in a county of its own, so that a bureau has one relation only."""
    names = [one for one in RELATIONS if one != "former"]
    regions = {one: await make.region() for one in names}
    schools = {one: await make.school(regions[one]) for one in names}
    return Places(schools, regions)


async def build(make: Makers) -> World:
    places = await _places(make)
    owner = await make.person(places.schools["own"], Role.LEAD_TEACHER)
    world = World(make.frame, make, places, owner)
    world.askers = await make_askers(make, places, owner)
    for builder in objects.BUILDERS:
        await builder(world)
    return world
