// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IFeedAnswer {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

/// What the underlyings of Compound's markets are worth, out of Chainlink feeds, as the comptroller
/// asks its oracle.
contract FeedPrices {
    struct Source {
        IFeedAnswer feed;
        uint256 scale;
    }

    bool public constant isPriceOracle = true;
    address private immutable _builder = msg.sender;
    mapping(address => Source) private _sources;

    /// `scale` brings the feed's answer to 36 decimals less those of the underlying.
    function setFeed(address market, IFeedAnswer feed, uint256 scale) external {
        require(msg.sender == _builder);
        _sources[market] = Source(feed, scale);
    }

    /// 0 where nothing is known, as the comptroller has it.
    function getUnderlyingPrice(address market) external view returns (uint256) {
        Source memory source = _sources[market];
        if (address(source.feed) == address(0)) return 0;
        (, int256 answer,,,) = source.feed.latestRoundData();
        return answer > 0 ? uint256(answer) * source.scale : 0;
    }
}
