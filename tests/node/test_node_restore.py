"""A node rebuilt from its ledger, whatever the instant at which it stopped, goes on as if it had not."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.small_federation import (
    PARTIES,
    Timed,
    at,
    federation_of,
    held,
    impact,
    launch,
    once,
    opened,
    play,
    received,
    sent,
)

from trilat.ledger import EntryKind, Ledger, MemoryStore
from trilat.model import (
    SECOND_NS,
    Consent,
    Domain,
    ItemReference,
    Lane,
    LedgerError,
    Row,
    Store,
    Transport,
    UsageError,
    Warning,
    WarningKind,
    WarningState,
    decode_item,
    encode,
)
from trilat.node import Node, decisions_in, restore
from trilat.study import Crash, Federation, violations

SECONDS = 40


def _story(federation: Federation) -> Federation:
    """Launches and impact areas of three parties, officers who answer, a retraction."""
    nodes = federation.nodes
    reports: list[Timed] = [(at(t), "JPN", launch(nodes["JPN"], version=t)) for t in range(1, 38, 3)]
    reports += [(at(t + 0.3), "KOR", launch(nodes["KOR"], version=t)) for t in range(1, 38, 4)]
    reports += [(at(t + 0.6), "USA", launch(nodes["USA"], version=t)) for t in range(1, 38, 5)]
    reports += [(at(t), "KOR", impact(nodes["KOR"], at_s=t, version=t)) for t in range(6, 38, 6)]

    def officers(running: Federation, now_ns: int) -> None:
        for party, node in running.nodes.items():
            for referral in node.referrals():
                if referral.asked_ns + 10 * SECOND_NS <= now_ns:
                    node.answer(referral, granted=True, officer=f"{party}/officer", valid_s=600, assumed=True)

    waiting = [at(33)]

    def retract(running: Federation, now_ns: int) -> None:
        # A person whose node is down at the time speaks as soon as it is back.
        if waiting and waiting[0] <= now_ns and "JPN" in running.nodes:
            running.nodes["JPN"].retract_warning("launch-JPN-seen", "no launch")
            waiting.clear()

    return play(federation, reports, [officers, retract])


def _what_is_held(node: Node) -> dict[str, bytes]:
    return {item.item_id: encode(item) for item in node.holdings.items()}


def _end_state(federation: Federation) -> dict[tuple[str, str], object]:
    """What a run leaves, without keys: items, opened releases, streams, warnings, referrals."""
    state: dict[tuple[str, str], object] = {}
    for party, node in federation.nodes.items():
        state[party, "held"] = _what_is_held(node)
        state[party, "opened"] = sorted(
            (record.sender, record.sequence, encode(release)) for record, release, _ in opened(node)
        )
        state[party, "standing"] = [node.alerts.standing(audience) for audience in PARTIES]
        state[party, "referrals"] = node.referrals()
        state[party, "counts"] = (node.holdings.by_originator, node.holdings.by_sender, node.accepted_reports)
        state[party, "withheld"] = node.exchange.withheld
    return state


@pytest.fixture(scope="module")
def whole() -> Federation:
    """A run that nothing interrupts, under the regime with officers and an intermediary."""
    return _story(federation_of("hub-2014", SECONDS))


def test_the_story_has_everything_in_it(whole: Federation) -> None:
    kinds = {stored.kind for node in whole.nodes.values() for stored in node.ledger.entries()}
    assert kinds >= {
        EntryKind.REPORT,
        EntryKind.ITEM,
        EntryKind.CONSENT,
        EntryKind.DECISION,
        EntryKind.RELEASE,
        EntryKind.RECEIVED,
        EntryKind.RECEIPT,
    }
    assert held(whole.nodes["JPN"], "KOR-fall").version > 10
    assert any(isinstance(item, Consent) for item in whole.nodes["USA"].holdings.items())
    assert violations(whole) == ()


@pytest.mark.parametrize("party", PARTIES)
def test_with_no_time_down_at_a_tick_the_run_ends_the_same(whole: Federation, party: str) -> None:
    crash = Crash(party, at(21), at(21))
    again = _story(federation_of("hub-2014", SECONDS, crashes=(crash,)))
    assert _end_state(again) == _end_state(whole)


def _retracted(warning: Warning) -> bool:
    return warning.state is WarningState.RETRACTED


def _made(node: Node) -> list[Warning]:
    """Every version of every warning that a node wrote."""
    items = (decode_item(stored.content or b"") for stored in node.ledger.entries(kinds={EntryKind.ITEM}))
    return [item for item in items if isinstance(item, Warning)]


@settings(
    max_examples=10,
    deadline=None,
    # Each example is a run: what fails is told as it is, and not made smaller.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    party=st.sampled_from(PARTIES),
    stop_ms=st.integers(0, 30_000),
    down_ms=st.integers(0, 9_000),
)
@example(party="JPN", stop_ms=29_733, down_ms=3_289)
def test_dropped_at_any_instant_nothing_is_lost_or_repeated(
    whole: Federation, party: str, stop_ms: int, down_ms: int
) -> None:
    crash = Crash(party, at(stop_ms / 1000), at((stop_ms + down_ms) / 1000))
    run = _story(federation_of("hub-2014", SECONDS, crashes=(crash,)))
    assert violations(run) == ()
    assert run.refused_reports == []
    for name, node in run.nodes.items():
        reference = whole.nodes[name]
        assert node.ledger.verify().verified
        assert node.accepted_reports == reference.accepted_reports
        assert set(_what_is_held(node)) == set(_what_is_held(reference))
        for peer in node.config.peers:
            records = sent(node, peer)
            assert [record.sequence for record in records] == list(range(1, len(records) + 1))
            items = [(record.item.item_id, record.item.version) for record in records]
            assert len(set(items)) == len(items), "a version was released twice"
            came = [record for record in received(run.nodes[peer]) if record.sender == name]
            came.sort(key=lambda record: record.sequence)
            assert [record.parcel for record in came] == [record.parcel for record in records]
        for item in reference.holdings.items():
            if not isinstance(item, Warning | Consent):
                assert held(node, item.item_id).version == item.version
        own = [warning for warning in node.holdings.warnings() if warning.label.originator == name]
        theirs = [w for w in reference.holdings.warnings() if w.label.originator == name]
        # How a warning that stands was last worded hangs on when it was; that it stands does not.
        assert {w.item_id: _retracted(w) for w in own} == {w.item_id: _retracted(w) for w in theirs}
        for name_of in {warning.item_id for warning in _made(node)}:
            made = [warning for warning in _made(node) if warning.item_id == name_of]
            assert [warning.version for warning in made] == list(range(1, len(made) + 1))
            assert all(w.state is not WarningState.RAISED for w in made[1:]), "a warning was raised twice"


class _Commits(MemoryStore):
    """A store that remembers where each commit ended."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        super().__init__(rows)
        self.ends: list[int] = []

    def append(self, rows: Sequence[Row]) -> None:
        super().append(rows)
        self.ends.append(rows[-1].entry + 1)


class _Recording(Federation):
    """A federation whose stores remember their commits."""

    def _store(self, party: str) -> Store:
        return self._stores.get(party) or _Commits()


class _Silence:
    """A transport on which nothing arrives and nothing leaves."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        del lane
        self.sent.append((recipient, payload))

    def listen(self, receive: object) -> None:
        pass


def _rebuilt(federation: Federation, party: str, rows: Sequence[Row], transport: Transport) -> Node:
    """A node over so much of a ledger, as after a crash right behind a commit."""
    old = federation.nodes[party]
    ledger = Ledger(MemoryStore(rows), party, federation._ledger_keys[party], federation.clock, bytes)
    node = Node(
        old.config,
        federation.clock,
        ledger,
        old.agreements,
        federation._keys[party],
        old.trust,
        transport,
        bytes,
    )
    restore(node)
    return node


@pytest.mark.parametrize("party", PARTIES)
def test_every_commit_is_a_place_from_which_a_node_can_go_on(party: str) -> None:
    plain = federation_of("hub-2014", SECONDS)
    federation = _story(_Recording(plain.settings, plain.preset))
    store = federation._stores[party]
    assert isinstance(store, _Commits)
    rows = list(store.rows())
    assert len(store.ends) > 60
    for end in store.ends[:: max(1, len(store.ends) // 25)]:
        node = _rebuilt(federation, party, rows[:end], _Silence())
        kept = list(node.ledger.entries())
        reports = sum(stored.kind is EntryKind.REPORT for stored in kept)
        assert node.accepted_reports == reports
        released = {peer: sent(node, peer) for peer in node.config.peers}
        transport = _Silence()
        again = _rebuilt(federation, party, rows[:end], transport)
        fresh = again.tick()
        for peer, records in released.items():
            following = [record for record in fresh if record.recipient == peer]
            assert [record.sequence for record in following] == list(
                range(len(records) + 1, len(records) + len(following) + 1)
            )
            before = {(record.item.item_id, record.item.version) for record in records}
            assert not before & {(record.item.item_id, record.item.version) for record in following}


def test_a_consent_that_came_just_before_the_crash_still_frees_what_waited() -> None:
    """The re-offer is no entry of its own: it follows from the consent, also after a restart."""
    federation = federation_of("hub-2014", 20, crashes=(Crash("USA", at(5.5), at(5.5)),))
    nodes = federation.nodes

    def approve(running: Federation) -> None:
        node = running.nodes["JPN"]
        for referral in node.referrals():
            node.answer(referral, granted=True, officer="JPN/officer", valid_s=600)

    play(federation, [(at(1), "JPN", launch(nodes["JPN"]))], [once(5, approve)])
    assert held(federation.nodes["KOR"], "JPN-seen").version == 1


def test_a_node_comes_back_from_a_file(tmp_path: Path) -> None:
    crashes = (Crash("USA", at(14.4), at(19.7)), Crash("JPN", at(22), at(22)))
    federation = _story(federation_of("hub-2014", SECONDS, crashes=crashes, folder=tmp_path))
    assert violations(federation) == ()
    before = {party: _what_is_held(node) for party, node in federation.nodes.items()}
    assert all(node.ledger.verify().verified for node in federation.nodes.values())
    federation.close()
    for party in PARTIES:
        store = federation._store(party)
        node = _rebuilt(federation, party, list(store.rows()), _Silence())
        assert _what_is_held(node) == before[party]
        store.close()
    assert (tmp_path / "USA.ledger.key").stat().st_mode & 0o077 == 0


def test_a_ledger_whose_rows_do_not_follow_is_refused(whole: Federation) -> None:
    store = whole._stores["USA"]
    rows = list(store.rows())
    with pytest.raises(LedgerError, match=r"missing|does not follow|chain"):
        _rebuilt(whole, "USA", [*rows[:20], *rows[21:]], _Silence())


def test_a_restored_endpoint_cannot_be_restored_again(whole: Federation) -> None:
    with pytest.raises(UsageError, match="restore comes before anything"):
        restore(whole.nodes["JPN"])


@pytest.mark.parametrize(
    ("party", "from_s", "to_s", "refusal"),
    [
        ("AUS", 1, 2, "no party `AUS` in this federation can crash"),
        ("JPN", 3, 2, "cannot be built anew before it stopped"),
        ("JPN", 1, 99, "lies outside the run"),
        ("JPN", -1, 2, "lies outside the run"),
    ],
)
def test_crashes_that_no_run_can_play_are_refused(party: str, from_s: int, to_s: int, refusal: str) -> None:
    with pytest.raises(UsageError, match=refusal):
        federation_of("hub-2014", 30, crashes=(Crash(party, at(from_s), at(to_s)),))


def test_crashes_that_overlap_are_refused() -> None:
    crashes = (Crash("JPN", at(1), at(5)), Crash("JPN", at(4), at(6)))
    with pytest.raises(UsageError, match="two crashes of `JPN` overlap"):
        federation_of("hub-2014", 30, crashes=crashes)


class _Spy:
    """Passes bytes on, after a look at what the sender's ledger held at that moment."""

    def __init__(self, inner: Transport, party: str) -> None:
        self._inner = inner
        self._party = party
        self.node: Node | None = None
        self.sendings = 0

    def send(self, recipient: str, payload: bytes, lane: Lane = Lane.LIVE) -> None:
        del lane
        assert self.node is not None
        outgoing = self.node.endpoint._outbox.streams.get(recipient)
        if outgoing is not None and outgoing._pushed:
            written = {record.sequence: record.parcel for record in sent(self.node, recipient)}
            self.sendings += 1
            assert max(written, default=0) >= outgoing._pushed, "bytes left that the ledger does not hold"
            for sequence, parcel in outgoing._kept.items():
                assert written[sequence] == parcel
        self._inner.send(recipient, payload)

    def listen(self, receive: object) -> None:
        self._inner.listen(receive)  # type: ignore[arg-type]


def test_whenever_bytes_leave_the_senders_ledger_holds_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    federation = federation_of("multilateral", 12)
    spies = []
    for party, node in federation.nodes.items():
        spy = _Spy(node.endpoint._post._transport, party)
        spy.node = node
        monkeypatch.setattr(node.endpoint._post, "_transport", spy)
        spies.append(spy)
    nodes = federation.nodes
    play(
        federation,
        [(at(t), party, launch(nodes[party], version=t)) for t in range(1, 9) for party in PARTIES],
    )
    assert min(spy.sendings for spy in spies) > 10


def test_versions_go_on_after_a_restart() -> None:
    federation = federation_of("separate-2009", 12, crashes=(Crash("USA", at(6.2), at(7.4)),))
    usa = federation.nodes["USA"]
    reports = [(at(t), "USA", launch(usa, version=t)) for t in range(1, 10)]
    retract = once(9, lambda running: _assert_retracted(running.nodes["USA"]))
    play(federation, reports, [retract])
    came = [
        (release.item.version, release.item.state.value)
        for _, release, _ in opened(federation.nodes["JPN"])
        if isinstance(release.item, Warning)
    ]
    assert came == [(1, "raised"), (2, "retracted")]


def _assert_retracted(node: Node) -> None:
    assert {warning.version for warning in node.retract_warning("launch-USA-seen", "no launch")} == {2}


def test_decisions_are_of_the_instant_that_the_regime_is_tried_at(whole: Federation) -> None:

    node = whole.nodes["JPN"]
    decided = [
        decision.decided_ns - stored.recorded_ns
        for stored in node.ledger.entries(kinds={EntryKind.DECISION})
        for decision in decisions_in(stored.content or b"")
    ]
    assert set(decided) == {whole.preset.regime.as_of_ns - whole.settings.start_ns}


def test_a_warning_by_hand_just_before_the_crash_still_goes_out() -> None:
    """It is written when it is raised, and decided on at the next tick, which the old node does not see."""
    federation = federation_of("separate-2009", 10)
    jpn = federation.nodes["JPN"]
    federation._advance(at(1))
    jpn.intake([launch(jpn)])
    jpn.tick()
    jpn.raise_warning(
        "by-hand", WarningKind.LAUNCH, Domain.MISSILE, [ItemReference(item_id="JPN-seen", version=1)], [], "!"
    )
    store = federation._stores["JPN"]
    federation._advance(at(2))
    node = _rebuilt(federation, "JPN", list(store.rows()), _Silence())
    released = [record.item.item_id for record in node.tick() if record.recipient == "USA"]
    assert released == ["JPN-warn-USA-by-hand"]


def test_a_node_that_is_down_takes_nothing() -> None:
    crash = Crash("USA", at(4.5), at(12.5))
    federation = federation_of("multilateral", 20, crashes=(crash,))
    jpn = federation.nodes["JPN"]
    marks: list[tuple[int, int]] = []

    def look(running: Federation) -> None:
        last = running._stores["USA"].last()
        assert last is not None
        marks.append((last.entry, jpn.endpoint.acknowledged("USA")))

    play(
        federation,
        [(at(t), "JPN", launch(jpn, version=t)) for t in range(1, 12)],
        [once(6, look), once(12, look), once(16, look)],
    )
    assert marks[0] == marks[1]
    assert marks[2] > marks[1]
    assert jpn.endpoint.acknowledged("USA") == len(sent(jpn, "USA"))


@pytest.mark.parametrize("stop_s", [3.5, 4.0, 5.0])
def test_decisions_written_together_are_taken_up_in_their_order_after_a_stop(stop_s: float) -> None:
    def many(*crashes: Crash) -> Federation:
        federation = federation_of("hub-2014", 12, crashes=crashes)
        jpn = federation.nodes["JPN"]
        return play(federation, [(at(3), "JPN", launch(jpn, f"seen-{n}", at_s=2)) for n in range(20)])

    whole = many()
    entries = whole.nodes["JPN"].ledger.entries(kinds={EntryKind.DECISION})
    assert max(len(decisions_in(stored.content or b"")) for stored in entries) >= 20
    stopped = many(Crash("JPN", at(stop_s), at(stop_s)))
    assert _end_state(stopped) == _end_state(whole)
    for party, node in whole.nodes.items():
        again = stopped.nodes[party].exchange
        assert again.referrals == node.exchange.referrals
        assert again.withheld == node.exchange.withheld
