"""Frozen values that every layer shares: what was read, of what, and when."""

from watcher.state.aave_reserve import AaveAccount, AaveReserve
from watcher.state.amount import Amount, amounts
from watcher.state.balancer_stable import BalancerStable
from watcher.state.block import Block
from watcher.state.call import (
    Answer,
    Balance,
    BlockNumber,
    BlockTime,
    Call,
    Code,
    Known,
    Plain,
    Slot,
    Static,
    Ticks,
)
from watcher.state.canonical import canonical_json, content_hash, state_from_json, state_to_json
from watcher.state.compound_market import CompoundAccount, CompoundMarket
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.holdings import Holdings
from watcher.state.kinds import State
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.lockbox import Lockbox
from watcher.state.measure import Computation, Input, Measure
from watcher.state.morpho_market import MorphoMarket, MorphoPosition
from watcher.state.observation import Observation, Status
from watcher.state.pair_oracle import PairOracle
from watcher.state.peg_stability import PegStability
from watcher.state.price import Price, PriceStatus, Vote
from watcher.state.price_feed import PriceFeed
from watcher.state.pyth_price import PythPrice
from watcher.state.redemption_rate import RedemptionRate
from watcher.state.set_token import SetComponent, SetToken
from watcher.state.share_vault import ShareVault
from watcher.state.snapshot import Snapshot
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap, StableSwapMeta
from watcher.state.target import Target
from watcher.state.tick_oracle import TickOracle
from watcher.state.token import Address, Token, to_address
from watcher.state.weighted import Weighted
from watcher.state.yearn_vault import YearnStrategy, YearnVault

__all__ = [
    "AaveAccount",
    "AaveReserve",
    "Address",
    "Amount",
    "Answer",
    "Balance",
    "BalancerStable",
    "Block",
    "BlockNumber",
    "BlockTime",
    "Call",
    "Code",
    "CompoundAccount",
    "CompoundMarket",
    "Computation",
    "Concentrated",
    "ConstantProduct",
    "CryptoSwap",
    "Holdings",
    "Input",
    "Known",
    "KyberDMM",
    "Lockbox",
    "Measure",
    "MorphoMarket",
    "MorphoPosition",
    "Observation",
    "PairOracle",
    "PegStability",
    "Plain",
    "Price",
    "PriceFeed",
    "PriceStatus",
    "PythPrice",
    "RedemptionRate",
    "SetComponent",
    "SetToken",
    "ShareVault",
    "Slot",
    "Snapshot",
    "Solidly",
    "StableSwap",
    "StableSwapMeta",
    "State",
    "Static",
    "Status",
    "Target",
    "TickOracle",
    "Ticks",
    "Token",
    "Vote",
    "Weighted",
    "YearnStrategy",
    "YearnVault",
    "amounts",
    "canonical_json",
    "content_hash",
    "state_from_json",
    "state_to_json",
    "to_address",
]
