"""The configuration that `watcher init` writes."""

HEAD = """\
# What the imbalance watcher watches. `watcher check` tells what is wrong with this file.
# ${NAME} is taken from the environment, or from the file that NAME_FILE names.

unit = "USD"                                  # unit of account of every figure in money
database = "sqlite:///watcher.db"             # relative to this file; or postgresql+psycopg://...
sizes = [1000, 10000, 100000, 1000000]        # trade sizes of price impact and slippage, in `unit`

[chains."eip155:1"]
name = "ethereum"
# JSON-RPC nodes, the preferred one first; their keys are never shown. With several, another is used
# where one fails, and from three on two must agree on each block. `archive` keeps all states,
# `websocket` announces new heads. `racing` is for an Anvil whose blocks come while it is read.
endpoints = [
  { url = "${ETH_RPC_URL}" },
  # { url = "${SECOND_RPC_URL}", websocket = "${SECOND_WS_URL}", archive = true },
]
# quorum = 2                                  # how many must agree on a block, whoever is away
sample = 20                                   # one contract in 20 is compared at each block
every_blocks = 1                              # 5 watches each fifth block
confirmations = 12                            # used only where the node has no finalized tag
poll_seconds = 2                              # how often the node is asked for its head
deadline_seconds = 20                         # the longest that one read may take
catch_up_blocks = 7200                        # away for longer than this leaves a gap
# The token that the native coin is wrapped into, and worth, in pools that hold the coin itself.
wrapped_native = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
flow = true                                   # what flows, from the logs of every block
"""

EXAMPLES = """\
# A Uniswap V2 pair. `fee` is needed where the factory is not a known one; `protocol_fee_share` is
# the protocol's part of the fees while its switch is on, "1/6" unless told.
[[targets]]
chain = "eip155:1"
protocol = "uniswap_v2"
address = "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"
name = "usdc-weth"
# fee = 0.003
# protocol_fee_share = "1/6"
# What the chain must confirm of any target, or it is refused: `tokens` in the contract's own order,
# and each further fact that `watcher state` shows as a parameter, such as a feed's `description`.
expect = { tokens = [
  "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
  "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
] }

# A Uniswap V3 pool. `tick_words` words of 256 ticks are read each way from the price, 64 unless
# told; all ticks where there are no more.
# [[targets]]
# chain = "eip155:1"
# protocol = "uniswap_v3"
# address = "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"
# name = "usdc-weth-5"
# tick_words = 64

# Pools of Pancake V3 ("pancake_v3") and Algebra Integral ("algebra_integral") are written so too.
# A pool of Uniswap V4 has no address: it is its key, at the PoolManager's. `fee` is 8388608 where
# its hooks set it; `hooks` and `pool_id`, which the key is held against, may be left out.
# [[targets]]
# chain = "eip155:1"
# protocol = "uniswap_v4"
# address = "0x000000000004444c5dc75cB358380D2e3dE08A90"
# name = "eth-usdc-v4"
# currency0 = "0x0000000000000000000000000000000000000000"
# currency1 = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
# fee = 500
# tick_spacing = 10
# hooks = "0x0000000000000000000000000000000000000000"
# pool_id = "0x..."
# state_view = "0x7fFE42C4a5DEeA5b0feC41C94C136Cf115597227"

# An ERC-4626 vault. OpenZeppelin's have virtual shares, 10^decimals_offset of them; solmate's have
# none: what it has is found by its conversions where it is not said, and each block's are checked.
# `holder` is whose limits of withdrawals are read.
# [[targets]]
# chain = "eip155:1"
# protocol = "erc4626"
# address = "0x..."
# name = "a-vault"
# virtual_shares = true
# decimals_offset = 0
# refuses_zero = false
# holder = "0x..."

# A vault of Yearn's: V2 (yearn_v2) says its strategies, those of V3 are named in their order.
# [[targets]]
# chain = "eip155:1"
# protocol = "yearn_v3"
# address = "0x..."
# name = "a-vault-of-yearns"
# strategies = ["0x...", "0x..."]

# A market of Compound V2, by its cToken. `accounts` are whose collateral, debt and health are told.
# [[targets]]
# chain = "eip155:1"
# protocol = "compound_v2"
# address = "0x39AA39c021dfbaE8faC545936693aC917d5E7563"
# name = "cusdc"
# accounts = ["0x..."]

# A reserve of an Aave V3 pool, by its asset.
# [[targets]]
# chain = "eip155:1"
# protocol = "aave_v3"
# address = "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2"
# name = "aave-usdc"
# asset = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
# accounts = ["0x..."]

# What a treasury, a lockbox or any set of addresses holds, looked through to the tokens underneath.
# LP tokens of pairs and vault shares need no price of their own; what is named in `opaque` does.
# Position NFTs of the managers are found by themselves. `native` is the wrapper that the native
# coin is counted as; `protocol_fee_share` is for pairs of factories that are not known.
# [[targets]]
# chain = "eip155:1"
# protocol = "holdings"
# address = "0x..."
# name = "treasury"
# addresses = ["0x..."]
# tokens = ["0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"]
# opaque = ["0x..."]
# native = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
# position_managers = ["0xC36442b4a4522E871399CD717aBDD847Ab11FE88"]
# protocol_fee_share = "1/6"

# A market of Morpho Blue, which is known by its id at the one contract; `accounts` are whose health
# and bad debt are told.
# [[targets]]
# chain = "eip155:1"
# protocol = "morpho_blue"
# address = "0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb"
# name = "wsteth-usdc-86"
# market_id = "0x..."
# accounts = ["0x..."]

# An index token of Set. `weights` are what its components should be worth, in the contract's own
# order, `band` how far one may be from that; `valuer = false` leaves the system's own valuer out.
# [[targets]]
# chain = "eip155:1"
# protocol = "set_token"
# address = "0x..."
# name = "an-index"
# weights = [0.5, 0.3, 0.2]
# band = 0.02
# valuer = true

# What addresses hold of the `locked` token must cover what was `issued` for it on this chain, or
# the `liability` in whole tokens on another.
# [[targets]]
# chain = "eip155:1"
# protocol = "lockbox"
# address = "0x..."
# name = "a-bridge"
# addresses = ["0x..."]
# locked = "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"
# issued = "0x..."
# liability = "1250000.5"

# What each token is judged by: a Chainlink feed, stale after its heartbeat and blind below its
# deviation, or a fixed value in `unit`. A token may have several sources: the median of those that
# have a vote is its price, and nothing is judged by a source that reads its own contract.
[[prices]]
token = "eip155:1/erc20:0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
source = "chainlink"
address = "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419"
heartbeat = "1h"
deviation = 0.005

[[prices]]
token = "eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
source = "chainlink"
address = "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6"
heartbeat = "24h"
deviation = 0.0025

# What a pool says counts too: its mean over `window` (uniswap_v3_twap, uniswap_v2_twap) or its
# price now (spot, of an entry of [[targets]]), in its other token, the `quote`. It has no vote
# while `least_depth` in `unit` is enough to move it by 1%. `derived_from` are further contracts
# that a source computes from. A vault's share is worth what it redeems (redemption, of an entry).
# [[prices]]
# token = "eip155:1/erc20:0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
# source = "uniswap_v3_twap"
# address = "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"
# quote = "eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
# window = "30m"
# least_depth = 100000

# What a wrapper or a staking token redeems for, by the getter of its contract or of its rate
# provider: getRate, stEthPerToken, getExchangeRate, exchangeRate, exchangeRateStored, pricePerShare
# or convertToAssets. `decimals` are those of the answer, 18 unless told.
# [[prices]]
# token = "eip155:1/erc20:0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0"
# source = "redemption_rate"
# address = "0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0"
# getter = "stEthPerToken"
# quote = "eip155:1/erc20:0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84"

# Pyth's contract has the prices of many ids; one whose confidence is over `most_confidence` of it
# has no vote.
# [[prices]]
# token = "eip155:1/erc20:0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
# source = "pyth"
# address = "0x..."
# id = "0x..."
# heartbeat = "1h"
# most_confidence = 0.01

# Addresses that are watched together (each of a `holdings` entry above), which part of each token
# there should be, and what is owed: for `watcher exit` (docs/exit.md).
# [[baskets]]
# name = "treasury"
# holders = ["eip155:1:0x..."]
# targets = { WETH = 0.5, USDC = 0.3, wstETH = 0.2 }
# band = 0.05
# exit_to = "USDC"
# owed = { USDC = 1_000_000 }
# issued_by = ["a-vault"]
# through = ["3pool", "a-vault"]  # where it is sold; the exit is then measured at each block

# A source further than `outlier` from the median of three or more has no vote; those that are left
# make a price doubtful where they differ by more than `disagreement`.
[votes]
outlier = 0.05
disagreement = 0.02
"""

LIMITS = """\
# From which absolute value of a measure on a target is strained, and from which breached.
[limits.ln_spot_over_reference]
strained = 0.01
breached = 0.03

[limits.ln_spot_over_time_weighted]
strained = 0.03
breached = 0.1

[limits.price_per_share_change]
strained = 0.002
breached = 0.01

# What an attacker could take, searched for beside the watch; without this section it is not. Dear
# classes are searched when a price has moved by `moved`, and every `every_blocks`; a plan for
# `prove_above` or more, in `unit`, is simulated, at most `proofs_per_block`.
# [exploit]
# every_blocks = 300
# moved = 0.01
# seconds = 5                                 # of searching for one block
# prove_above = 1000
# proofs_per_block = 2
# gas = 5                                     # of one transaction, in `unit`
# premium = 0.0009                            # of a flash loan
# victim = 100000                             # a waiting trade or deposit
# tolerance = 0.01                            # that it may lose
"""

API = """\
# Who may read over HTTP: without a token this machine alone. `watcher token NAME` makes one.
# [[api.tokens]]
# name = "grafana"
# sha256 = "..."
"""

TELLING = """\
# Who is told, by one of: an apprise URL (Slack, mail and a hundred more), a webhook signed by the
# convention of Standard Webhooks, an Alertmanager. `watcher notify test` tries them.
# [receivers.oncall]
# apprise = "${SLACK_URL}"
# deadline_seconds = 10                       # the longest that one attempt may take
# give_up_after = "24h"                       # what was not taken until then is tried no more

# [receivers.desk]
# webhook = "https://desk.example/hooks/watcher"
# secret = "${WEBHOOK_SECRET}"                # whsec_ and the base64 of 24 to 64 random bytes

# Nothing is sent to this machine or a private network unless the receiver says that it is there:
# else a mistyped or hostile URL would reach what only this machine can reach.
# [receivers.prometheus]
# alertmanager = "http://127.0.0.1:9093"
# allow_private = true

# Who looks after the watcher: `heartbeat` is asked for after a committed block, at most each
# `every`, and whoever waits for it misses it; `receivers` are told of a chain without a new block.
# [watchdog]
# heartbeat = "${HEARTBEAT_URL}"
# every = "1m"
# silent_after = "5m"
# receivers = ["oncall"]
"""

RULES = """\
# When somebody is told. The rules that ship are in effect: `watcher rules check` lists them, and
# `watcher rules test` says how often each would have fired on what is stored.
[alerts]
presets = true
# critical = ["oncall"]                       # who is told by rules that name nobody, by severity
# warning = ["chat"]

# A rule of your own, or with `preset` a shipped one with other keys; `enabled = false` ends it.
# `when` is over the measures of docs/measures.md, and figures that are unknown make it unknown.
# It must hold for `for` before anybody is told, `clear` for `clear_for` before it is over;
# `agrees` is asked of other targets at the same address. It is told again once it is worse by the
# factor `repeat`, and after `escalate` without an acknowledgement.
# [[rules]]
# name = "discount-of-my-pool"
# when = "abs(ln_spot_over_reference) > 0.01 and depth_1pct_money < 2e6"
# clear = "abs(ln_spot_over_reference) < 0.006"
# for = "5m"
# severity = "critical"
# targets = ["usdc-weth"]
# route = ["oncall"]
"""

REST = f"{LIMITS}\n{RULES}\n{TELLING}\n{API}"
TEMPLATE = f"{HEAD}\n{EXAMPLES}\n{REST}"


def with_list(watch_list: str) -> str:
    """The configuration with the entries of a watch-list in place of the examples."""
    return f"{HEAD}\n{watch_list}\n{REST}"
