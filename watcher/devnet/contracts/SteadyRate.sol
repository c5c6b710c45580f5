// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// An interest rate model of Morpho Blue with one rate a second, 18 decimals, that anybody sets.
contract SteadyRate {
    struct MarketParams {
        address loanToken;
        address collateralToken;
        address oracle;
        address irm;
        uint256 lltv;
    }

    struct Market {
        uint128 totalSupplyAssets;
        uint128 totalSupplyShares;
        uint128 totalBorrowAssets;
        uint128 totalBorrowShares;
        uint128 lastUpdate;
        uint128 fee;
    }

    uint256 public rate;

    function setRate(uint256 rate_) external {
        rate = rate_;
    }

    function borrowRateView(MarketParams calldata, Market calldata) external view returns (uint256) {
        return rate;
    }

    function borrowRate(MarketParams calldata, Market calldata) external view returns (uint256) {
        return rate;
    }
}
