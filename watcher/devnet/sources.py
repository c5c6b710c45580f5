"""Which files of which packages are the contracts of the local world, and how they are compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from watcher.errors import SetupError

FEE_PERCENTAGES = (
    "dist/tasks/20220725-protocol-fee-percentages-provider/artifact/"
    "ProtocolFeePercentagesProvider.json"
)

# Aave's packages name each file after its contract.
_AAVE = "artifacts/contracts"
AAVE = {
    "AavePoolAddressesProvider": "protocol/configuration/PoolAddressesProvider",
    "AaveACLManager": "protocol/configuration/ACLManager",
    "AaveOracle": "misc/AaveOracle",
    "AavePool": "protocol/pool/Pool",
    "AavePoolConfigurator": "protocol/pool/PoolConfigurator",
    "AaveInterestRateStrategy": "protocol/pool/DefaultReserveInterestRateStrategy",
    "AaveAToken": "protocol/tokenization/AToken",
    "AaveStableDebtToken": "protocol/tokenization/StableDebtToken",
    "AaveVariableDebtToken": "protocol/tokenization/VariableDebtToken",
    "AaveSupplyLogic": "protocol/libraries/logic/SupplyLogic",
    "AaveBorrowLogic": "protocol/libraries/logic/BorrowLogic",
    "AaveLiquidationLogic": "protocol/libraries/logic/LiquidationLogic",
    "AaveEModeLogic": "protocol/libraries/logic/EModeLogic",
    "AaveBridgeLogic": "protocol/libraries/logic/BridgeLogic",
    "AavePoolLogic": "protocol/libraries/logic/PoolLogic",
    "AaveFlashLoanLogic": "protocol/libraries/logic/FlashLoanLogic",
    "AaveConfiguratorLogic": "protocol/libraries/logic/ConfiguratorLogic",
}

# Contracts whose packages bring a build: contract -> package and file.
PREBUILT = {
    "UniswapV2Factory": ("@uniswap/v2-core@1.0.1", "build/UniswapV2Factory.json"),
    "UniswapV2Pair": ("@uniswap/v2-core@1.0.1", "build/UniswapV2Pair.json"),
    "UniswapV2Router02": (
        "@uniswap/v2-periphery@1.1.0-beta.0",
        "build/UniswapV2Router02.json",
    ),
    "PancakeFactory": ("@pancakeswap-libs/pancake-swap-core@0.1.0", "build/PancakeFactory.json"),
    "PancakePair": ("@pancakeswap-libs/pancake-swap-core@0.1.0", "build/PancakePair.json"),
    "UniswapV3Factory": (
        "@uniswap/v3-core@1.0.1",
        "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
    ),
    "NonfungiblePositionManager": (
        "@uniswap/v3-periphery@1.4.4",
        "artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
    ),
    "SwapRouter": (
        "@uniswap/v3-periphery@1.4.4",
        "artifacts/contracts/SwapRouter.sol/SwapRouter.json",
    ),
    "QuoterV2": (
        "@uniswap/v3-periphery@1.4.4",
        "artifacts/contracts/lens/QuoterV2.sol/QuoterV2.json",
    ),
    "PancakeV3Factory": (
        "@pancakeswap/v3-core@1.0.2",
        "artifacts/contracts/PancakeV3Factory.sol/PancakeV3Factory.json",
    ),
    "PancakeV3Pool": (
        "@pancakeswap/v3-core@1.0.2",
        "artifacts/contracts/PancakeV3Pool.sol/PancakeV3Pool.json",
    ),
    "AlgebraFactory": (
        "@cryptoalgebra/integral-core@1.2.10",
        "artifacts/contracts/AlgebraFactory.sol/AlgebraFactory.json",
    ),
    "AlgebraPoolDeployer": (
        "@cryptoalgebra/integral-core@1.2.10",
        "artifacts/contracts/AlgebraPoolDeployer.sol/AlgebraPoolDeployer.json",
    ),
    "AlgebraVaultFactoryStub": (
        "@cryptoalgebra/integral-core@1.2.10",
        "artifacts/contracts/AlgebraVaultFactoryStub.sol/AlgebraVaultFactoryStub.json",
    ),
    "AlgebraMockPlugin": (
        "@cryptoalgebra/integral-core@1.2.10",
        "artifacts/contracts/test/MockPoolPlugin.sol/MockPoolPlugin.json",
    ),
    "PoolManager": ("@uniswap/v4-core@1.0.2", "out/PoolManager.sol/PoolManager.json"),
    "PoolModifyLiquidityTest": (
        "@uniswap/v4-core@1.0.2",
        "out/PoolModifyLiquidityTest.sol/PoolModifyLiquidityTest.json",
    ),
    "PoolSwapTest": ("@uniswap/v4-core@1.0.2", "out/PoolSwapTest.sol/PoolSwapTest.json"),
    "StateView": ("@uniswap/v4-periphery@1.0.3", "foundry-out/StateView.sol/StateView.json"),
    "CurveStableSwap": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "external/abi/curve/Stableswap.json",
    ),
    "CurvePoolToken": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "external/abi/curve/CurvePoolERC20.json",
    ),
    "KyberDMMFactory": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "external/abi/kyber/DMMFactory.json",
    ),
    "KyberDMMPool": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "external/abi/kyber/DMMPool.json",
    ),
    "SaddlePool": (
        "@connext/smart-contracts@2.4.0",
        "artifacts/contracts/core/connext/helpers/StableSwap.sol/StableSwap.json",
    ),
    "SaddlePoolToken": (
        "@connext/smart-contracts@2.4.0",
        "artifacts/contracts/core/connext/helpers/LPToken.sol/LPToken.json",
    ),
    "SwapUtilsExternal": (
        "@connext/smart-contracts@2.4.0",
        "artifacts/contracts/core/connext/libraries/SwapUtilsExternal.sol/SwapUtilsExternal.json",
    ),
    "BalancerAuthorizer": (
        "@balancer-labs/v2-deployments@3.2.0",
        "dist/tasks/20210418-authorizer/artifact/Authorizer.json",
    ),
    "BalancerVault": (
        "@balancer-labs/v2-deployments@3.2.0",
        "dist/tasks/20210418-vault/artifact/Vault.json",
    ),
    "BalancerQueries": (
        "@balancer-labs/v2-deployments@3.2.0",
        "dist/tasks/20220721-balancer-queries/artifact/BalancerQueries.json",
    ),
    "BalancerFeePercentages": ("@balancer-labs/v2-deployments@3.2.0", FEE_PERCENTAGES),
    "BalancerWeightedFactory": (
        "@balancer-labs/v2-deployments@3.2.0",
        "dist/tasks/20230206-weighted-pool-v3/artifact/WeightedPoolFactory.json",
    ),
    "BalancerComposableFactory": (
        "@balancer-labs/v2-deployments@3.2.0",
        "dist/tasks/20230206-composable-stable-pool-v3/artifact/ComposableStablePoolFactory.json",
    ),
    "BalancerFirstWeightedFactory": (
        "@balancer-labs/v2-deployments@3.2.0",
        "dist/tasks/deprecated/20210418-weighted-pool/artifact/WeightedPoolFactory.json",
    ),
    "BalancerStableFactory": (
        "@balancer-labs/v2-deployments@3.2.0",
        "dist/tasks/20220609-stable-pool-v2/artifact/StablePoolFactory.json",
    ),
    "BalancerFirstStableFactory": (
        "@balancer-labs/v2-deployments@3.2.0",
        "dist/tasks/deprecated/20210624-stable-pool/artifact/StablePoolFactory.json",
    ),
    "BalancerV1Pool": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "external/abi/balancer/BPool.json",
    ),
    "YearnV2Vault": ("@setprotocol/set-protocol-v2@0.1.16", "external/abi/yearn/Vault.json"),
    "SetController": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "artifacts/contracts/protocol/Controller.sol/Controller.json",
    ),
    "SetTokenCreator": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "artifacts/contracts/protocol/SetTokenCreator.sol/SetTokenCreator.json",
    ),
    "SetToken": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "artifacts/contracts/protocol/SetToken.sol/SetToken.json",
    ),
    "SetIssuance": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "artifacts/contracts/protocol/modules/BasicIssuanceModule.sol/BasicIssuanceModule.json",
    ),
    "SetPriceOracle": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "artifacts/contracts/protocol/PriceOracle.sol/PriceOracle.json",
    ),
    "SetValuer": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "artifacts/contracts/protocol/SetValuer.sol/SetValuer.json",
    ),
    "SetOracleMock": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "artifacts/contracts/mocks/OracleMock.sol/OracleMock.json",
    ),
    "VAI": (
        "@venusprotocol/venus-protocol@10.3.0",
        "artifacts/contracts/Tokens/VAI/VAI.sol/VAI.json",
    ),
    "VenusPegStability": (
        "@venusprotocol/venus-protocol@10.3.0",
        "artifacts/contracts/PegStability/PegStability.sol/PegStability.json",
    ),
    "VenusPriceOracle": (
        "@venusprotocol/venus-protocol@10.3.0",
        "artifacts/contracts/test/SimplePriceOracle.sol/SimplePriceOracle.json",
    ),
    "VenusAccessControl": (
        "@venusprotocol/venus-protocol@10.3.0",
        "artifacts/contracts/test/AccessControlManagerMock.sol/AccessControlManagerMock.json",
    ),
    "ERC1967Proxy": (
        "@venusprotocol/venus-protocol@10.3.0",
        "artifacts/@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol/ERC1967Proxy.json",
    ),
    "CompoundComptroller": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "external/abi/compound/Comptroller.json",
    ),
    "CErc20": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "external/abi/compound/CERc20.json",
    ),
    "WhitePaperInterestRateModel": (
        "@setprotocol/set-protocol-v2@0.1.16",
        "external/abi/compound/WhitePaperInterestRateModel.json",
    ),
    **{
        name: ("@aave/core-v3@1.19.3", f"{_AAVE}/{place}.sol/{place.rpartition('/')[2]}.json")
        for name, place in AAVE.items()
    },
    "WETH9": ("canonical-weth@1.4.0", "build/contracts/WETH9.json"),
}

# A contract whose package brings its creation code only inside a script.
MULTICALL3 = ("viem@2.57.20", "_esm/constants/contracts.js")
MULTICALL3_CODE = re.compile(r"^export const multicall3Bytecode = '(0x[0-9a-f]+)';$", re.MULTILINE)
# The same of the code that stays; what creates it goes before: push2 length, dup1, push1 10, push0,
# codecopy, push0, return.
PERMIT2 = ("@uniswap/v4-periphery@1.0.3", "lib/permit2/test/utils/DeployPermit2.sol")
PERMIT2_CODE = re.compile(r'^ +hex"([0-9a-f]+)";$', re.MULTILINE)
CREATING = "0x61{:04x}80600a5f395ff3"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How contracts without a build are compiled: compiler, packages for the imports, sources.

    A source that no package holds is ours, from the folder `contracts`. `prefix` goes before names
    that say too little; `remappings` are the compiler's own.
    """

    compiler: str
    packages: tuple[str, ...]
    contracts: Mapping[str, str]
    evm_version: str
    optimizer_runs: int = 200
    prefix: str = ""
    via_ir: bool = False
    remappings: tuple[str, ...] = ()


YEARN = "tests/functional/examples/thirdparty/yearnfi"
AERODROME = "sphere-mezo-solidity-files/domains/aerodrome/contracts"
BALANCER_V3 = (
    "@balancer-labs/v3-interfaces@1.0.0",
    "@balancer-labs/v3-pool-stable@1.0.0",
    "@balancer-labs/v3-pool-utils@1.0.0",
    "@balancer-labs/v3-pool-weighted@1.0.0",
    "@balancer-labs/v3-solidity-utils@1.0.0",
    "@balancer-labs/v3-vault@1.0.0",
    "@openzeppelin/contracts@5.4.0",
    "@uniswap/v4-periphery@1.0.3",
)
V3_VAULT = "@balancer-labs/v3-vault/contracts"

COMPILED = (
    Recipe(
        compiler="0.8.28",
        packages=("@openzeppelin/contracts@5.4.0", "solmate@6.8.0"),
        contracts={
            "Token": "Token.sol",
            "CryptoToken": "CryptoToken.sol",
            "OpenZeppelinVault": "OpenZeppelinVault.sol",
            "SolmateVault": "SolmateVault.sol",
            "OddToken": "OddToken.sol",
            "Answering": "Answering.sol",
            "PancakeV3Deployer": "PancakeV3Deployer.sol",
            "TickTrader": "TickTrader.sol",
            "VaultRate": "VaultRate.sol",
            "FeedOracle": "FeedOracle.sol",
            "SteadyRate": "SteadyRate.sol",
            "FeedPrices": "FeedPrices.sol",
            "SurgeHook": "SurgeHook.sol",
        },
        evm_version="cancun",
    ),
    Recipe(
        compiler="0.8.28",
        packages=("@openzeppelin/contracts@5.4.0",),
        contracts={
            "FeeVault": "FeeVault.sol",
            "LimitedVault": "LimitedVault.sol",
            "YearnFactory": "YearnFactory.sol",
            "YearnStrategy": "YearnStrategy.sol",
        },
        evm_version="cancun",
    ),
    Recipe(
        compiler="0.8.28",
        packages=("@openzeppelin/contracts@4.9.6",),
        contracts={"OpenZeppelin4Vault": "OpenZeppelin4Vault.sol"},
        evm_version="cancun",
    ),
    Recipe(
        compiler="0.8.28",
        packages=("solady@0.1.26",),
        contracts={"SoladyVault": "SoladyVault.sol"},
        evm_version="cancun",
    ),
    Recipe(
        compiler="0.8.28",
        packages=("@openzeppelin/contracts@5.4.0", "sphere-mezo-solidity-files@1.2.0"),
        contracts={
            "Pool": f"{AERODROME}/Pool.sol",
            "PoolFactory": f"{AERODROME}/factories/PoolFactory.sol",
        },
        evm_version="cancun",
        prefix="Aerodrome",
    ),
    Recipe(
        compiler="0.6.6",
        packages=("@chainlink/contracts@0.8.0",),
        contracts={
            "FluxAggregator": "@chainlink/contracts/src/v0.6/FluxAggregator.sol",
            "EACAggregatorProxy": "@chainlink/contracts/src/v0.6/EACAggregatorProxy.sol",
        },
        evm_version="istanbul",
    ),
    Recipe(
        compiler="0.8.28",
        packages=("@pythnetwork/pyth-sdk-solidity@4.2.0",),
        contracts={"MockPyth": "@pythnetwork/pyth-sdk-solidity/MockPyth.sol"},
        evm_version="paris",
    ),
    Recipe(
        compiler="0.8.26",
        packages=BALANCER_V3,
        contracts={
            "WeightedPool": "@balancer-labs/v3-pool-weighted/contracts/WeightedPool.sol",
            "StablePool": "@balancer-labs/v3-pool-stable/contracts/StablePool.sol",
        },
        evm_version="cancun",
        remappings=("permit2/=@uniswap/v4-periphery/lib/permit2/",),
    ),
    Recipe(
        compiler="0.8.26",
        packages=BALANCER_V3,
        contracts={
            "Vault": f"{V3_VAULT}/Vault.sol",
            "VaultExtension": f"{V3_VAULT}/VaultExtension.sol",
            "VaultAdmin": f"{V3_VAULT}/VaultAdmin.sol",
            "ProtocolFeeController": f"{V3_VAULT}/ProtocolFeeController.sol",
            "Router": f"{V3_VAULT}/Router.sol",
        },
        evm_version="cancun",
        optimizer_runs=1,
        prefix="BalancerV3",
        remappings=("permit2/=@uniswap/v4-periphery/lib/permit2/",),
    ),
    Recipe(
        compiler="0.8.19",
        packages=("@morpho-org/morpho-blue@1.0.0",),
        contracts={
            "Morpho": "@morpho-org/morpho-blue/src/Morpho.sol",
            "IrmMock": "@morpho-org/morpho-blue/src/mocks/IrmMock.sol",
            "OracleMock": "@morpho-org/morpho-blue/src/mocks/OracleMock.sol",
        },
        evm_version="paris",
        optimizer_runs=999_999,
        via_ir=True,
    ),
)


CURVE = "tests/functional/examples/thirdparty/curvefi"

# Contracts in Vyper: contract -> source package and file.
VYPER = {
    "CurveStableSwapNG": ("vyper@0.4.3", f"{CURVE}/CurveStableSwapNG.vy"),
    "CurveCryptoSwap2": ("vyper@0.4.3", f"{CURVE}/CurveCryptoSwap2.vy"),
    "CurveCryptoMathOptimized3": ("vyper@0.4.3", f"{CURVE}/CurveCryptoMathOptimized3.vy"),
    "YearnV2LaterVault": ("vyper@0.4.3", f"{YEARN}/VaultV2.vy"),
    "YearnV3Vault": ("vyper@0.4.3", f"{YEARN}/VaultV3.vy"),
    "SnekmateVault": ("snekmate@0.1.2", "src/snekmate/extensions/erc4626.vy"),
}

# Addresses that are constants in the source of a contract: as libraries are linked, so are they.
CONSTANTS = {
    "CurveCryptoSwap2": {
        "token": "0x0000000000000000000000000000000000000001",
        "coin0": "0x0000000000000000000000000000000000000010",
        "coin1": "0x0000000000000000000000000000000000000011",
    },
}

OWN_IMPORT = re.compile(r"^from \.", re.MULTILINE)
"""What a source in Vyper has that needs others of its package beside it."""

CRYPTO_DECIMALS = ((6, 18), (6, 8), (8, 18))
"""Of the two coins, beside 18 both: their precisions are constants that its deployer writes."""


def crypto_swap(decimals: tuple[int, ...]) -> str:
    """The name of CurveCryptoSwap2 for coins of these decimals."""
    if decimals == (18, 18):
        return "CurveCryptoSwap2"
    return "CurveCryptoSwap2_" + "_".join(map(str, decimals))


def with_precisions(source: str, decimals: tuple[int, ...]) -> str:
    """Raises SetupError where the source has no such constants."""
    for coin, each in enumerate(decimals):
        constant = f"    1,#{coin}\n"
        if source.count(constant) != 1:
            raise SetupError("CurveCryptoSwap2.vy names no precisions: restore the lock")
        source = source.replace(constant, f"    {10 ** (18 - each)},#{coin}\n")
    return source
