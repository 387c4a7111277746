"""Keys in a token: the twin in memory always, a software token behind PKCS#11 where the system has one."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.link.ceremony import Household

from trilat.link import (
    DeviceToken,
    MemoryToken,
    NodeKeys,
    RootKey,
    Token,
    TrustStore,
    key_request,
)
from trilat.link.cose import sign1
from trilat.link.keys import SEALING_PRIVATE_BYTES, wrap_to
from trilat.model import LinkError, TrilatError, UsageError

MODULES = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib64/pkcs11/libsofthsm2.so"))
KIND = "application/vnd.trilat.test"


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The module of a software token that is begun for these tests; SoftHSM reads its settings only once."""
    module = next((path for path in MODULES if path.is_file()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no software token on this system: Debian's softhsm2 is not installed")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n", encoding="utf-8")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    begin = ["softhsm2-util", "--init-token", "--free", "--label", "kor", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(begin, check=True, capture_output=True)
    yield module
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture(params=["memory", "softhsm"])
def token(request: pytest.FixtureRequest) -> Callable[[], Token]:
    """Opens the same token each time."""
    if request.param == "memory":
        made = MemoryToken(random.Random(3).randbytes)
        return lambda: made
    module = request.getfixturevalue("softhsm")
    return lambda: DeviceToken(module, "kor", "1234")


def test_a_node_signs_with_a_key_that_never_leaves_the_token(token: Callable[[], Token]) -> None:
    label = f"node-{os.urandom(4).hex()}"
    token().make(label)
    signer = token().find(label)
    sealing = random.Random(5).randbytes(SEALING_PRIVATE_BYTES)
    keys = NodeKeys.with_signer("KOR", signer, sealing)
    trust = TrustStore([keys.pin])
    assert trust.verify_live("KOR", sign1(keys.signing, KIND, b"said"), KIND, "word") == b"said"
    assert keys.unwrap(wrap_to(keys.pin, b"secret", b"bound"), b"bound") == b"secret"
    assert keys.stream_to("USA") == NodeKeys.with_signer("KOR", token().find(label), sealing).stream_to("USA")
    with pytest.raises(UsageError, match="is in a token: it has no private bytes here"):
        keys.private_bytes()
    assert "in a token" in repr(signer)


def test_a_root_in_a_token_signs_states(token: Callable[[], Token]) -> None:
    house = Household("KOR", 1)
    root = RootKey("KOR", token().make(f"root-{os.urandom(4).hex()}"))
    first = root.first(key_request(house.keys, house.card()), house.issue())
    store = TrustStore()
    assert store.pin_state(first).root == root.public


def test_a_key_is_made_once_and_one_that_is_not_there_is_said(token: Callable[[], Token]) -> None:
    label = f"twice-{os.urandom(4).hex()}"
    token().make(label)
    with pytest.raises(UsageError, match=f"the token has a key `{label}` already"):
        token().make(label)
    with pytest.raises(UsageError, match="the token has no key `nothing`"):
        token().find("nothing")


def test_a_token_that_was_taken_out_signs_nothing() -> None:
    token = MemoryToken(random.Random(3).randbytes)
    signer = token.make("node")
    token.taken_out = True
    with pytest.raises(LinkError, match="the token does not sign: it was taken out"):
        signer.sign(b"data")


def test_a_wrong_pin_or_label_is_one_line_without_the_pin(softhsm: Path) -> None:
    # In a process of its own: this one may have told the token its PIN already.
    code = "import sys; from pathlib import Path; from trilat.link import DeviceToken\n"
    code += "try: DeviceToken(Path(sys.argv[1]), *sys.argv[2:])\n"
    code += "except Exception as error: print(type(error).__name__, error)"
    for label, pin in (("kor", "9876"), ("other", "1234")):
        said = subprocess.run(
            [sys.executable, "-c", code, str(softhsm), label, pin],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert said.startswith(f"UsageError the token `{label}` does not open")
        assert pin not in said
        assert said.count("\n") == 1


def test_a_module_that_is_none_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    path = tmp_path / "none.so"
    path.write_bytes(b"not a library")
    with pytest.raises(TrilatError, match="the token `kor` does not open") as refused:
        DeviceToken(path, "kor", "1234")
    assert "\n" not in str(refused.value)
