"""The fetched and compiled contracts are the real ones: deployed and used on an Anvil."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.exceptions import ContractLogicError

from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Artifacts, Toolchain, prepare
from watcher.devnet.deploy.aave import LIBRARIES
from watcher.devnet.deploy.site import created_address
from watcher.devnet.fetch import default_cache, silent
from watcher.devnet.sources import CRYPTO_DECIMALS, crypto_swap
from watcher.devnet.vyper import Vyper
from watcher.errors import SetupError
from watcher.state.token import to_address

pytestmark = pytest.mark.anvil

ZERO = "0x" + "00" * 20
MAX_UINT256 = 2**256 - 1
FAR_FUTURE = 2**40
GAS = 15_000_000

# Uniswap V2's published init code hash, which UniswapV2Library holds as a constant.
UNISWAP_V2_INIT_CODE_HASH = "96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"


@dataclass(frozen=True)
class Chain:
    """Deploys and calls on a fresh Anvil."""

    web3: Web3
    artifacts: Artifacts
    accounts: tuple[str, ...]

    def deploy(
        self, name: str, *arguments: Any, libraries: Mapping[str, str] | None = None
    ) -> Contract:
        artifact = self.artifacts[name].linked(libraries or {})
        factory = self.web3.eth.contract(abi=list(artifact.abi), bytecode=artifact.bytecode)
        receipt = self._receipt(factory.constructor(*arguments))
        return self.at(name, receipt["contractAddress"])

    def at(self, name: str, address: str) -> Contract:
        return self.web3.eth.contract(
            address=Web3.to_checksum_address(address), abi=list(self.artifacts[name].abi)
        )

    def send(self, function: Any, *, sender: int = 0) -> Any:
        receipt = self._receipt(function, sender=sender)
        assert receipt["status"] == 1
        return receipt

    def token(self, symbol: str, decimals: int, supply: int) -> Contract:
        token = self.deploy("Token", symbol, symbol, decimals)
        self.send(token.functions.mint(self.accounts[0], supply))
        return token

    def _receipt(self, function: Any, *, sender: int = 0) -> Any:
        sent = function.transact({"from": self.accounts[sender], "gas": GAS})
        return self.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.005)


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return prepare(Path(os.environ.get("WATCHER_CACHE") or default_cache()))


@pytest.fixture(scope="module")
def node(toolchain: Toolchain) -> Iterator[Chain]:
    options = AnvilOptions(genesis_timestamp=1_700_000_000, code_size_limit=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        web3 = Web3(HTTPProvider(anvil.url))
        yield Chain(web3, toolchain.artifacts, tuple(web3.eth.accounts))


@pytest.fixture
def chain(node: Chain) -> Iterator[Chain]:
    """The node as it was before the test, again after it."""
    snapshot = node.web3.provider.make_request("evm_snapshot", [])["result"]  # type: ignore[arg-type]
    yield node
    node.web3.provider.make_request("evm_revert", [snapshot])  # type: ignore[arg-type]


def test_every_contract_deploys(chain: Chain) -> None:
    account = chain.accounts[0]
    token = chain.deploy("Token", "Token", "TKN", 6)
    aggregator = chain.deploy(
        "FluxAggregator", token.address, 1, 3600, ZERO, 1, 10**20, 8, "ETH / USD"
    )
    yearn = chain.deploy("YearnV2LaterVault")
    chain.send(yearn.functions.initialize(token.address, account, account, "Yearn", "yv"))
    vault = chain.deploy("BalancerVault", account, ZERO, 90 * 86_400, 30 * 86_400).address
    fees = chain.deploy("BalancerFeePercentages", vault, 10**17, 10**17).address
    libraries = {"SwapUtilsExternal": chain.deploy("SwapUtilsExternal").address}
    libraries |= dict.fromkeys(("coin0", "coin1", "token"), token.address)
    for name in LIBRARIES:
        libraries[name.removeprefix("Aave")] = chain.deploy(name, libraries=libraries).address
    comptroller = chain.deploy("CompoundComptroller").address
    model = chain.deploy("WhitePaperInterestRateModel", 2 * 10**16, 2 * 10**17).address
    provider = chain.deploy("AavePoolAddressesProvider", "test", account)
    chain.send(provider.functions.setACLAdmin(account))
    pool = chain.deploy("AavePool", provider.address, libraries=libraries).address
    deployed_v3 = balancer_v3(chain)
    arguments: dict[str, tuple[Any, ...]] = {
        **dict.fromkeys([*LIBRARIES, "AavePoolConfigurator"], ()),
        "AavePoolAddressesProvider": ("test", account),
        "AaveACLManager": (provider.address,),
        "AavePool": (provider.address,),
        "AaveOracle": (provider.address, [], [], ZERO, ZERO, 10**8),
        "AaveInterestRateStrategy": (provider.address, 8 * 10**26, *[10**25] * 8),
        **dict.fromkeys(("AaveAToken", "AaveStableDebtToken", "AaveVariableDebtToken"), (pool,)),
        "Token": ("Token", "TKN", 6),
        "CurvePoolToken": ("LP", "LP", 18, 0),
        "CurveStableSwap": ([token.address] * 4, [token.address] * 4, account, 100, 4_000_000),
        "CurveStableSwapNG": (
            *("LP", "LP", 200, 4_000_000, 2 * 10**10, 866),
            *([token.address] * 2, [10**30] * 2, [0] * 2, [bytes(4)] * 2, [ZERO] * 2),
        ),
        "BalancerAuthorizer": (account,),
        "BalancerVault": (account, ZERO, 90 * 86_400, 30 * 86_400),
        "BalancerQueries": (vault,),
        "BalancerFeePercentages": (vault, 10**17, 10**17),
        "BalancerWeightedFactory": (vault, fees, "f", "p"),
        "BalancerComposableFactory": (vault, fees, "f", "p"),
        "BalancerFirstWeightedFactory": (vault,),
        "BalancerStableFactory": (vault,),
        "BalancerFirstStableFactory": (vault,),
        "BalancerV1Pool": (),
        "WeightedPool": (("W", "W", 2, [10**18 // 2] * 2, "v", [10**12] * 2), vault),
        "StablePool": (("S", "S", 200, "v"), vault),
        "SaddlePoolToken": (),
        "SwapUtilsExternal": (),
        "SaddlePool": (),
        "WETH9": (),
        "UniswapV2Factory": (account,),
        "UniswapV2Pair": (),
        "UniswapV2Router02": (ZERO, ZERO),
        "PancakeFactory": (account,),
        "PancakePair": (),
        "UniswapV3Factory": (),
        "NonfungiblePositionManager": (ZERO, ZERO, ZERO),
        "SwapRouter": (ZERO, ZERO),
        "QuoterV2": (ZERO, ZERO),
        "PancakeV3Factory": (account,),
        "PancakeV3Deployer": (bytes.fromhex(chain.artifacts["PancakeV3Pool"].bytecode[2:]),),
        "AlgebraFactory": (account,),
        "AlgebraPoolDeployer": (account,),
        "AlgebraVaultFactoryStub": (account,),
        "AlgebraMockPlugin": (account,),
        "SetController": (account,),
        "SetTokenCreator": (account,),
        "SetToken": ([token.address], [1], [account], account, account, "S", "S"),
        "SetIssuance": (account,),
        "SetPriceOracle": (account, token.address, [], [], [], []),
        "SetValuer": (account,),
        "SetOracleMock": (10**18,),
        "VAI": (1,),
        "VenusPegStability": (token.address, token.address),
        "VenusPriceOracle": (),
        "VenusAccessControl": (account,),
        "ERC1967Proxy": (token.address, b""),
        "Morpho": (account,),
        "IrmMock": (),
        "OracleMock": (),
        "SteadyRate": (),
        "FeedOracle": (token.address, token.address, 10**36),
        "PoolManager": (account,),
        "PoolModifyLiquidityTest": (account,),
        "PoolSwapTest": (account,),
        "StateView": (account,),
        "TickTrader": (),
        "OddToken": (),
        "Answering": (account,),
        "FeedPrices": (),
        "CompoundComptroller": (),
        "CErc20": (token.address, comptroller, model, 2 * 10**14, "cTKN", "cTKN", 8),
        "WhitePaperInterestRateModel": (2 * 10**16, 2 * 10**17),
        "SurgeHook": (3 * 10**17, 95 * 10**16),
        "VaultRate": (token.address, 10**6, 10**12),
        "MockPyth": (60, 0),
        "OpenZeppelinVault": (token.address, "Vault", "V", 6),
        "SolmateVault": (token.address, "Vault", "V"),
        "OpenZeppelin4Vault": (token.address, "Vault", "V", 6),
        "SoladyVault": (token.address, "Vault", "V", True, 6),
        "SnekmateVault": ("Vault", "V", token.address, 6, "Vault", "1"),
        "FeeVault": (token.address, "Vault", "V", account),
        "LimitedVault": (token.address, "Vault", "V", account),
        "YearnV2Vault": (),
        "YearnV2LaterVault": (),
        "YearnV3Vault": (token.address, "Vault", "V", account, 3_600),
        "YearnFactory": (),
        "YearnStrategy": (yearn.address,),
        "FluxAggregator": (token.address, 1, 3600, ZERO, 1, 10**20, 8, "ETH / USD"),
        "EACAggregatorProxy": (aggregator.address, ZERO),
        "Multicall3": (),
        "Permit2": (),
        "BalancerV3Router": (deployed_v3["BalancerV3Vault"], ZERO, ZERO, "v"),
        "KyberDMMFactory": (account,),
        "KyberDMMPool": (),
        "AerodromePool": (),
        "AerodromePoolFactory": (token.address,),
        "CryptoToken": (),
        "CurveCryptoMathOptimized3": (),
    }
    arguments |= dict.fromkeys(
        map(crypto_swap, [(18, 18), *CRYPTO_DECIMALS]),
        (
            *(account, account, 400_000, 145 * 10**12, 26_000_000, 45_000_000, 2 * 10**12),
            *(23 * 10**13, 146 * 10**12, 5 * 10**9, 600, 10**18),
        ),
    )
    # A pool of Pancake V3 asks whoever creates it for its parameters.
    assert set(arguments) == set(chain.artifacts) - {"PancakeV3Pool", *deployed_v3}
    for name, values in arguments.items():
        deployed = chain.deploy(name, *values, libraries=libraries)
        assert len(chain.web3.eth.get_code(deployed.address)) > 150, name


def balancer_v3(chain: Chain) -> dict[str, str]:
    """The Vault of V3, which its extensions and its fee controller name before it is there."""
    nonce = chain.web3.eth.get_transaction_count(Web3.to_checksum_address(chain.accounts[0]))
    vault = created_address(to_address(chain.accounts[0]), nonce + 3)
    found: dict[str, str] = {}
    for name, arguments in (
        ("VaultAdmin", (vault, 1, 1, 10**6, 10**4)),
        ("VaultExtension", (vault, "VaultAdmin")),
        ("ProtocolFeeController", (vault, 0, 0)),
        ("Vault", ("VaultExtension", chain.accounts[0], "ProtocolFeeController")),
    ):
        given = [found.get(f"BalancerV3{each}", each) for each in arguments]
        found[f"BalancerV3{name}"] = chain.deploy(f"BalancerV3{name}", *given).address
    assert found["BalancerV3Vault"] == vault
    return found


def init_code_hash(chain: Chain, name: str) -> str:
    return keccak(hexstr=chain.artifacts[name].bytecode).hex()


def test_uniswaps_pair_is_the_one_that_is_live(chain: Chain) -> None:
    assert init_code_hash(chain, "UniswapV2Pair") == UNISWAP_V2_INIT_CODE_HASH


def test_pancakes_factory_makes_the_pair_that_we_hold(chain: Chain) -> None:
    factory = chain.deploy("PancakeFactory", chain.accounts[0])
    in_factory = factory.functions.INIT_CODE_PAIR_HASH().call()
    assert in_factory.hex() == init_code_hash(chain, "PancakePair")


def test_vyper_refuses_what_it_cannot_compile(toolchain: Toolchain) -> None:
    cache = Path(os.environ.get("WATCHER_CACHE") or default_cache())
    with pytest.raises(SetupError, match="could not compile A"):
        Vyper(cache, silent).compile("def nothing", name="A")


def test_weth_wraps(chain: Chain) -> None:
    weth = chain.deploy("WETH9")
    deposit = {"from": chain.accounts[0], "value": 10**18, "gas": GAS}
    sent = weth.functions.deposit().transact(deposit)  # type: ignore[arg-type]
    chain.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.005)
    assert weth.functions.balanceOf(chain.accounts[0]).call() == 10**18


def test_the_router_makes_a_pair_and_swaps_as_it_quotes(chain: Chain) -> None:
    account = chain.accounts[0]
    factory = chain.deploy("UniswapV2Factory", account)
    weth = chain.deploy("WETH9")
    router = chain.deploy("UniswapV2Router02", factory.address, weth.address)
    usdc = chain.token("USDC", 6, 10**15)
    dai = chain.token("DAI", 18, 10**27)
    for token in (usdc, dai):
        chain.send(token.functions.approve(router.address, MAX_UINT256))
    path = [usdc.address, dai.address]
    # reverts unless the router computes the pair's address from the creation code that we hold
    chain.send(
        router.functions.addLiquidity(
            *path, 3_000_000 * 10**6, 2_900_000 * 10**18, 0, 0, account, FAR_FUTURE
        )
    )
    pair = chain.at("UniswapV2Pair", factory.functions.getPair(*path).call())
    reserves = pair.functions.getReserves().call()[:2]
    assert sorted(reserves) == [3_000_000 * 10**6, 2_900_000 * 10**18]

    quoted = router.functions.getAmountsOut(12_345_678_901, path).call()[1]
    before = dai.functions.balanceOf(account).call()
    chain.send(
        router.functions.swapExactTokensForTokens(12_345_678_901, 0, path, account, FAR_FUTURE)
    )
    assert dai.functions.balanceOf(account).call() - before == quoted


@dataclass(frozen=True)
class Fork:
    """A constant-product protocol: its fee factor and its protocol's share of the growth of √k."""

    prefix: str
    factory: str
    fee_numerator: int
    root_k_factor: int


FORKS = [
    Fork("UniswapV2", "UniswapV2Factory", fee_numerator=997, root_k_factor=5),
    Fork("Pancake", "PancakeFactory", fee_numerator=998, root_k_factor=3),
]


def amount_out(amount_in: int, reserve_in: int, reserve_out: int, fee_numerator: int) -> int:
    with_fee = amount_in * fee_numerator
    return with_fee * reserve_out // (reserve_in * 1000 + with_fee)


def make_pair(chain: Chain, fork: Fork) -> tuple[Contract, Contract, list[Contract]]:
    """Factory, pair with 1,000,003 and 777,777 whole tokens, and its tokens in order."""
    factory = chain.deploy(fork.factory, chain.accounts[0])
    tokens = [chain.token(symbol, 18, 10**27) for symbol in ("A", "B")]
    chain.send(factory.functions.createPair(*(token.address for token in tokens)))
    address = factory.functions.getPair(*(token.address for token in tokens)).call()
    pair = chain.at(f"{fork.prefix}Pair", address)
    tokens.sort(key=lambda token: int(token.address, 16))
    return factory, pair, tokens


def add(chain: Chain, pair: Contract, tokens: list[Contract], *, amounts: tuple[int, int]) -> None:
    for token, amount in zip(tokens, amounts, strict=True):
        chain.send(token.functions.transfer(pair.address, amount))
    chain.send(pair.functions.mint(chain.accounts[0]))


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.prefix)
@pytest.mark.parametrize("amount_in", [1_000, 10**18 + 1, 4 * 10**23])
def test_the_fee_is_the_forks_own(chain: Chain, fork: Fork, amount_in: int) -> None:
    account = chain.accounts[0]
    _, pair, tokens = make_pair(chain, fork)
    add(chain, pair, tokens, amounts=(1_000_003 * 10**18, 777_777 * 10**18))
    reserve0, reserve1, _ = pair.functions.getReserves().call()
    out = amount_out(amount_in, reserve0, reserve1, fork.fee_numerator)
    chain.send(tokens[0].functions.transfer(pair.address, amount_in))
    with pytest.raises(ContractLogicError, match=": K"):
        pair.functions.swap(0, out + 1, account, b"").call({"from": account})
    chain.send(pair.functions.swap(0, out, account, b""))


@pytest.mark.parametrize("fork", FORKS, ids=lambda fork: fork.prefix)
def test_the_protocols_share_is_the_forks_own(chain: Chain, fork: Fork) -> None:
    account, fee_to = chain.accounts[:2]
    factory, pair, tokens = make_pair(chain, fork)
    chain.send(factory.functions.setFeeTo(fee_to))
    add(chain, pair, tokens, amounts=(1_000_003 * 10**18, 777_777 * 10**18))
    root_k_last = isqrt(pair.functions.kLast().call())

    reserve0, reserve1, _ = pair.functions.getReserves().call()
    chain.send(tokens[0].functions.transfer(pair.address, 10**23))
    out = amount_out(10**23, reserve0, reserve1, fork.fee_numerator)
    chain.send(pair.functions.swap(0, out, account, b""))

    reserve0, reserve1, _ = pair.functions.getReserves().call()
    root_k = isqrt(reserve0 * reserve1)
    supply = pair.functions.totalSupply().call()
    add(chain, pair, tokens, amounts=(10**18, 10**18))
    expected = supply * (root_k - root_k_last) // (root_k * fork.root_k_factor + root_k_last)
    assert expected > 0
    assert pair.functions.balanceOf(fee_to).call() == expected


def test_the_feed_answers_through_its_proxy(chain: Chain) -> None:
    link = chain.token("LINK", 18, 0)
    aggregator = chain.deploy(
        "FluxAggregator", link.address, 1, 3600, ZERO, 1, 10**20, 8, "ETH / USD"
    )
    chain.send(link.functions.mint(aggregator.address, 10**18))
    chain.send(aggregator.functions.updateAvailableFunds())
    oracles = list(chain.accounts[5:8])
    chain.send(aggregator.functions.changeOracles([], oracles, oracles, 2, 3, 0))
    proxy = chain.deploy("EACAggregatorProxy", aggregator.address, ZERO)
    for sender, price in ((5, 3_000), (6, 3_010), (7, 2_990)):
        chain.send(aggregator.functions.submit(1, price * 10**8), sender=sender)

    round_id, answer, started_at, updated_at, answered_in = proxy.functions.latestRoundData().call()
    assert answer == 3_000 * 10**8
    assert round_id == answered_in == (1 << 64) + 1  # the proxy puts its phase on top
    latest = chain.web3.eth.get_block("latest")["timestamp"]
    assert 0 < started_at <= updated_at <= latest
    assert proxy.functions.decimals().call() == 8
    assert proxy.functions.description().call() == "ETH / USD"
    assert proxy.functions.aggregator().call() == aggregator.address


@pytest.mark.parametrize("offset", [0, 6])
def test_openzeppelin_vault_counts_virtual_shares(chain: Chain, offset: int) -> None:
    account = chain.accounts[0]
    asset = chain.token("USDC", 6, 10**12)
    vault = chain.deploy("OpenZeppelinVault", asset.address, "Vault", "V", offset)
    assert vault.functions.decimals().call() == 6 + offset
    chain.send(asset.functions.approve(vault.address, MAX_UINT256))
    chain.send(vault.functions.deposit(1_000 * 10**6, account))
    assert vault.functions.balanceOf(account).call() == 1_000 * 10 ** (6 + offset)
    chain.send(asset.functions.mint(vault.address, 50 * 10**6))
    supply, total = 1_000 * 10 ** (6 + offset), 1_050 * 10**6
    shares = 7 * 10 ** (6 + offset) + 1
    expected = shares * (total + 1) // (supply + 10**offset)
    assert vault.functions.convertToAssets(shares).call() == expected


def test_solmate_vault_refuses_a_deposit_of_zero_shares(chain: Chain) -> None:
    account = chain.accounts[0]
    asset = chain.token("DAI", 18, 10**24)
    vault = chain.deploy("SolmateVault", asset.address, "Vault", "V")
    assert vault.functions.decimals().call() == 18
    chain.send(asset.functions.approve(vault.address, MAX_UINT256))
    chain.send(vault.functions.deposit(1, account))
    chain.send(asset.functions.mint(vault.address, 10**18))
    assert vault.functions.totalAssets().call() == 10**18 + 1
    assert vault.functions.convertToShares(10**18).call() == 0
    with pytest.raises(ContractLogicError, match="ZERO_SHARES"):
        vault.functions.deposit(10**18, account).call({"from": account})
    chain.send(vault.functions.deposit(10**18 + 1, account))
    assert vault.functions.balanceOf(account).call() == 2
