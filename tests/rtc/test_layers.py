"""Scenarios of a viewer's link, a second at a time."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tongke_streaming.rtc.layers import LayerChooser, Offered

LADDER = [Offered("q", 150_000), Offered("h", 500_000), Offered("f", 1_500_000)]


@dataclass
class Link:
    """A link that drops what does not fit; its estimate grows to half again of what it carries."""

    capacity: float
    remb: float | None = 200_000
    loss: float = 0.0

    def carry(self, sent: float) -> None:
        self.loss = max(0.0, 1 - self.capacity / sent)
        if self.remb is not None:
            self.remb = min(self.capacity * 0.95, max(self.remb * 1.08, sent * 1.5))


def run(
    chooser: LayerChooser, link: Link, seconds: int, start: int = 0, layers: list[Offered] = LADDER
) -> list[str]:
    seen = []
    for second in range(start, start + seconds):
        name = chooser.choose(layers, float(second), link.loss, link.remb)
        assert name is not None
        link.carry(next(o.bitrate for o in layers if o.name == name))
        seen.append(name)
    return seen


def moves(seen: list[str]) -> int:
    return sum(a != b for a, b in pairwise(seen))


def test_good_link_climbs_to_the_top_and_stays() -> None:
    seen = run(LayerChooser(), Link(50e6), 60)
    assert seen[0] == "q"
    assert "f" in seen[:15]
    assert moves(seen) == 2


def test_climbs_without_an_estimate() -> None:
    assert run(LayerChooser(), Link(50e6, None), 15)[-1] == "f"


def test_thin_link_ends_on_the_layer_it_carries() -> None:
    seen = run(LayerChooser(), Link(700_000), 300)
    assert seen.count("h") > 200
    tries = [i for i, (a, b) in enumerate(pairwise(seen)) if (a, b) == ("h", "f")]
    waits = [b - a for a, b in pairwise(tries)]
    assert waits == sorted(waits)  # backs off
    assert not waits or waits[-1] > 30


def test_link_that_grows_thin_steps_down_at_once_and_comes_back() -> None:
    chooser, link = LayerChooser(), Link(50e6)
    assert run(chooser, link, 30)[-1] == "f"
    link.capacity = 250_000
    link.remb = 240_000
    assert run(chooser, link, 4, 30)[-1] == "q"
    link.capacity = 50e6
    assert run(chooser, link, 40, 34)[-1] == "f"


def test_policed_link_whose_estimate_knows_nothing_of_loss_backs_off() -> None:
    """Delay says there is room, the policer drops: every try must come later than the last."""

    class Policed(Link):
        def carry(self, sent: float) -> None:
            self.loss, self.remb = max(0.0, 1 - self.capacity / sent), 20e6

    seen = run(LayerChooser(), Policed(600_000), 300)
    assert moves(seen[-200:]) <= 24
    assert seen.count("f") < 40


@given(
    st.lists(st.tuples(st.floats(0, 0.3), st.none() | st.floats(0, 5e6)), min_size=60, max_size=200)
)
def test_never_up_and_down_more_often_than_it_may(
    reports: list[tuple[float, float | None]],
) -> None:
    chooser = LayerChooser()
    place = {o.name: i for i, o in enumerate(LADDER)}
    rises = []
    before: str | None = None
    for second, (loss, remb) in enumerate(reports):
        name = chooser.choose(LADDER, float(second), loss, remb)
        assert name in place
        if before is not None:
            assert abs(place[name] - place[before]) <= 1
            if place[name] > place[before]:
                rises.append(second)
        before = name
    for first, third in zip(rises, rises[2:], strict=False):
        assert third - first >= 2


def test_cap_is_kept() -> None:
    assert set(run(LayerChooser("h"), Link(50e6), 60)) == {"q", "h"}
    assert run(LayerChooser("no such layer"), Link(50e6), 60)[-1] == "f"


def test_layer_that_goes_off_leaves_the_next_thinner_one() -> None:
    chooser, link = LayerChooser(), Link(50e6)
    ladder = [Offered("thinnest", 60_000), *LADDER]
    assert run(chooser, link, 30, 0, ladder)[-1] == "f"
    assert run(chooser, link, 1, 30, ladder[:3]) == ["h"]
    assert run(chooser, link, 1, 31, ladder[:2]) == ["q"]
    assert "f" in run(chooser, link, 12, 32, ladder)


def test_nothing_offered_keeps_the_wish() -> None:
    chooser = LayerChooser()
    assert chooser.choose([], 0.0, 0.0, None) is None
    chooser.choose(LADDER, 1.0, 0.0, None)
    assert chooser.choose([], 2.0, 0.0, None) == "q"
