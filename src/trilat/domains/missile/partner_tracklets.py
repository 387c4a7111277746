"""Partners' tracklets on their way into a picture: each observation once, whoever brings it, however often.

A track that carries tracklets names, in its provenance, the token of the plot behind each of them, in the
same order. Where numbers differ it cannot be said which observation is in which tracklet: then nothing of it
is counted, as where it names none.
"""

from collections.abc import Sequence

from trilat.domains.motion import parts_of
from trilat.fusion import Contribution, EquivalentObservation, Exchange, Pedigree
from trilat.model import Provenance, Track


class PartnerTracklets:
    """The tracklets that one View counts."""

    def __init__(self, party: str) -> None:
        """Nothing counted, at the node of `party`."""
        self._exchange = Exchange(party)

    def own(self, item: Track) -> None:
        """Note the observations of an own track: no partner's may hold them as its own."""
        self._exchange.claim(item.provenance.observations, item.valid_ns)

    def take(self, item: Track, now_ns: int) -> tuple[EquivalentObservation, ...]:
        """What a partner's track adds, in order of instants; `now_ns` is the newest instant that is known.

        Raises:
            ObservationError: a tracklet that cannot be; nothing has changed.
        """
        now_ns = max(now_ns, item.valid_ns)
        counted = (self._exchange.receive(given, now_ns)[1] for given in _contributions(item))
        return tuple(tracklet for tracklet in counted if tracklet is not None)


def _contributions(item: Track) -> Sequence[Contribution]:
    """A contribution per tracklet, in order of instants."""
    provenance = item.provenance
    if len(provenance.observations) != len(item.tracklets):
        return ()
    made = []
    for tracklet, token in zip(item.tracklets, provenance.observations, strict=True):
        mean, covariance, constant_sigma_m = parts_of(tracklet)
        observation = EquivalentObservation(
            time_ns=tracklet.epoch_ns,
            source=provenance.originators[0],
            mean=mean,
            covariance=covariance,
            constant_sigma_m=constant_sigma_m,
        )
        made.append(Contribution(observation, _pedigree(provenance, token)))
    return sorted(made, key=lambda contribution: contribution.time_ns)


def _pedigree(provenance: Provenance, token: bytes) -> Pedigree:
    return Pedigree(frozenset(provenance.originators), frozenset([token]), provenance.lineage)
