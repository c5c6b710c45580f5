// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

/// The price of a market's collateral in its loan token, out of the feeds of both, as Morpho's own
/// oracle of Chainlink feeds has it; `scale` brings it to 36 decimals more than the tokens differ by.
contract FeedOracle {
    IFeed private immutable _collateral;
    IFeed private immutable _loan;
    uint256 private immutable _scale;

    constructor(IFeed collateral, IFeed loan, uint256 scale) {
        (_collateral, _loan, _scale) = (collateral, loan, scale);
    }

    function price() external view returns (uint256) {
        (, int256 collateral,,,) = _collateral.latestRoundData();
        (, int256 loan,,,) = _loan.latestRoundData();
        require(collateral > 0 && loan > 0, "a feed answers nothing");
        return (_scale * uint256(collateral)) / uint256(loan);
    }
}
