"""There is no key, no signer and no raw transaction in the package, and only the local world sends
transactions at all: to an Anvil on loopback, after it has looked at both."""

from __future__ import annotations

import ast
import inspect
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import abis
import models
import watcher
from watcher.devnet.local_chain import LocalChain
from watcher.errors import SetupError
from watcher.simulate.fork import PASSED

PACKAGES = tuple(Path(str(package.__file__)).parent for package in (watcher, models, abis))
FILES = sorted(file for package in PACKAGES for file in package.rglob("*.py"))

SIGNERS = ("eth_account", "eth_keys", "coincurve", "secp256k1", "ecdsa", "cryptography")
NAMES = {
    "LocalAccount",
    "PrivateKey",
    "from_key",
    "from_mnemonic",
    "private_key",
    "privkey",
    "send_raw_transaction",
    "send_transaction",
    "sign_message",
    "sign_transaction",
    "sign_typed_data",
    "signTransaction",
}
NOBODY_ASKS = (
    "eth_sendRawTransaction",
    "eth_sendUnsignedTransaction",
    "eth_sendBundle",
    "eth_sign",
    "personal_",
    "engine_",
    "anvil_impersonateAccount",
    "hardhat_impersonateAccount",
)
SENDING = "eth_sendTransaction"
SENDER = Path("watcher/devnet/local_chain.py")


def trees() -> Iterator[tuple[Path, ast.AST]]:
    for file in FILES:
        yield file, ast.parse(file.read_text("utf-8"))


def short(file: Path) -> Path:
    """From the package on."""
    package = next(each for each in PACKAGES if file.is_relative_to(each))
    return file.relative_to(package.parent)


def names(tree: ast.AST) -> Iterator[str]:
    """Everything that code calls something by."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=found):
                yield from (each.name for each in found)
            case ast.ImportFrom(module=str(module), names=found):
                yield module
                yield from (f"{module}.{each.name}" for each in found)


def texts(tree: ast.AST) -> Iterator[str]:
    """What code says, without docstrings."""
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def test_the_walk_sees_the_package() -> None:
    assert len(FILES) > 300
    assert {short(file).parts[0] for file in FILES} == {"watcher", "models", "abis"}


def test_nothing_holds_a_key_or_signs() -> None:
    found = {
        (str(short(file)), name)
        for file, tree in trees()
        for name in (
            *(name for name in names(tree) if name in NAMES),
            *(name for name in imports(tree) if name.split(".")[0] in SIGNERS),
        )
    }
    assert found == set()


def test_no_method_is_asked_that_signs_or_sends_what_is_signed() -> None:
    found = {
        (str(short(file)), text)
        for file, tree in trees()
        for text in texts(tree)
        if any(text.startswith(method) for method in NOBODY_ASKS)
    }
    assert found == set()


def test_only_the_local_world_sends_transactions() -> None:
    found = {short(file) for file, tree in trees() for text in texts(tree) if SENDING in text}
    assert found == {SENDER}


def test_whoever_sends_has_looked_at_the_client_first() -> None:
    """The version is asked when a LocalChain is made; the one function that sends is its own."""
    source = inspect.getsource(LocalChain.__init__)
    assert "web3_clientVersion" in source
    tree = ast.parse(inspect.getsource(LocalChain))
    senders = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and SENDING in ast.unparse(node)
    ]
    assert senders == ["_send"]


@pytest.mark.parametrize(
    "url", ["https://node.example/key", "http://10.0.0.1:8545", "http://127.0.0.1.example:8545"]
)
def test_a_node_of_another_machine_is_refused_before_it_is_asked(url: str) -> None:
    with pytest.raises(SetupError, match="only an Anvil on loopback"):
        LocalChain(url)


@pytest.fixture
def geth() -> Iterator[tuple[str, list[bytes]]]:
    """A node on loopback that is no Anvil, and what it was asked."""
    asked: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = b'{"jsonrpc":"2.0","id":1,"result":"Geth/v1.16.0-stable/linux-amd64"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_node_on_loopback_that_is_no_anvil_is_refused(geth: tuple[str, list[bytes]]) -> None:
    url, asked = geth
    with pytest.raises(SetupError, match="runs on Anvil alone"):
        LocalChain(url)
    assert [b"web3_clientVersion" in each for each in asked] == [True]


def test_a_fork_passes_on_what_reads_and_nothing_else() -> None:
    assert all(method.startswith(("eth_", "net_", "web3_")) for method in PASSED)
    assert not [method for method in PASSED if "send" in method.lower() or "sign" in method.lower()]
