// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IShares {
    function convertToAssets(uint256 shares) external view returns (uint256);
}

/// What a vault's share is worth, of 18 decimals, as Balancer's pools ask a rate provider.
contract VaultRate {
    IShares private immutable _vault;
    uint256 private immutable _share;
    uint256 private immutable _scale;

    /// `share_` is one whole share, `scale_` brings its worth to 18 decimals.
    constructor(IShares vault_, uint256 share_, uint256 scale_) {
        _vault = vault_;
        _share = share_;
        _scale = scale_;
    }

    function getRate() external view returns (uint256) {
        return _vault.convertToAssets(_share) * _scale;
    }
}
