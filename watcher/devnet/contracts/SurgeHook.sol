// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

struct PoolSwapParams {
    uint8 kind;
    uint256 amountGivenScaled18;
    uint256[] balancesScaled18;
    uint256 indexIn;
    uint256 indexOut;
    address router;
    bytes userData;
}

struct TokenConfig {
    address token;
    uint8 tokenType;
    address rateProvider;
    bool paysYieldFees;
}

struct LiquidityManagement {
    bool disableUnbalancedLiquidity;
    bool enableAddLiquidityCustom;
    bool enableRemoveLiquidityCustom;
    bool enableDonation;
}

interface IPool {
    function onSwap(PoolSwapParams memory params) external view returns (uint256);
}

/// A hook of Balancer V3 with the rule of its StableSurge hook, which no package ships: the fee of a
/// swap rises as it unbalances the pool, and liquidity that unbalances it is refused. It shows what
/// the real Vault makes of such a hook's answers; the rule itself it does not prove.
contract SurgeHook {
    uint256 private constant ONE = 1e18;
    uint8 private constant PROPORTIONAL = 0;
    uint256 private immutable _threshold;
    uint256 private immutable _maxFee;

    constructor(uint256 threshold_, uint256 maxFee_) {
        _threshold = threshold_;
        _maxFee = maxFee_;
    }

    function getSurgeThresholdPercentage(address) external view returns (uint256) {
        return _threshold;
    }

    function getMaxSurgeFeePercentage(address) external view returns (uint256) {
        return _maxFee;
    }

    function onRegister(address, address, TokenConfig[] memory, LiquidityManagement memory)
        external
        pure
        returns (bool)
    {
        return true;
    }

    /// The fee, after adding, after removing.
    function getHookFlags() external pure returns (bool[10] memory flags) {
        flags[3] = flags[7] = flags[9] = true;
    }

    function onComputeDynamicSwapFeePercentage(
        PoolSwapParams memory params,
        address pool,
        uint256 staticFee
    ) external view returns (bool, uint256) {
        uint256 calculated = IPool(pool).onSwap(params);
        bool exactIn = params.kind == 0;
        uint256 length = params.balancesScaled18.length;
        uint256[] memory balances = new uint256[](length);
        for (uint256 k = 0; k < length; ++k) balances[k] = params.balancesScaled18[k];
        balances[params.indexIn] += exactIn ? params.amountGivenScaled18 : calculated;
        balances[params.indexOut] -= exactIn ? calculated : params.amountGivenScaled18;
        if (_maxFee < staticFee || !_surges(params.balancesScaled18, balances)) {
            return (true, staticFee);
        }
        uint256 share = (_imbalance(balances) - _threshold) * ONE / (ONE - _threshold);
        return (true, staticFee + (_maxFee - staticFee) * share / ONE);
    }

    function onAfterAddLiquidity(
        address,
        address,
        uint8 kind,
        uint256[] memory amounts,
        uint256[] memory amountsRaw,
        uint256,
        uint256[] memory balances,
        bytes memory
    ) external view returns (bool, uint256[] memory) {
        uint256[] memory before = new uint256[](balances.length);
        for (uint256 k = 0; k < balances.length; ++k) {
            before[k] = kind == PROPORTIONAL ? balances[k] : balances[k] - amounts[k];
        }
        return (!_surges(before, balances), amountsRaw);
    }

    function onAfterRemoveLiquidity(
        address,
        address,
        uint8 kind,
        uint256,
        uint256[] memory amounts,
        uint256[] memory amountsRaw,
        uint256[] memory balances,
        bytes memory
    ) external view returns (bool, uint256[] memory) {
        uint256[] memory before = new uint256[](balances.length);
        for (uint256 k = 0; k < balances.length; ++k) {
            before[k] = kind == PROPORTIONAL ? balances[k] : balances[k] + amounts[k];
        }
        return (!_surges(before, balances), amountsRaw);
    }

    function _surges(uint256[] memory before, uint256[] memory now_) private view returns (bool) {
        uint256 imbalance = _imbalance(now_);
        return imbalance > _threshold && imbalance > _imbalance(before);
    }

    /// The sum of what each balance is away from the median, as a part of all.
    function _imbalance(uint256[] memory balances) private pure returns (uint256) {
        uint256 length = balances.length;
        uint256[] memory ordered = new uint256[](length);
        for (uint256 k = 0; k < length; ++k) {
            uint256 at = k;
            for (; at > 0 && ordered[at - 1] > balances[k]; --at) ordered[at] = ordered[at - 1];
            ordered[at] = balances[k];
        }
        uint256 median = ordered[length / 2];
        if (length % 2 == 0) median = (ordered[length / 2 - 1] + median) / 2;
        uint256 total;
        uint256 away;
        for (uint256 k = 0; k < length; ++k) {
            total += ordered[k];
            away += ordered[k] > median ? ordered[k] - median : median - ordered[k];
        }
        return away * ONE / total;
    }
}
