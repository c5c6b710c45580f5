// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC4626, ERC20, IERC20} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// A vault that takes a fee of who enters and of who leaves, as OpenZeppelin's guide to ERC-4626 has it:
/// on top of what is minted or withdrawn, a part of what is deposited or redeemed, rounded up. Anybody
/// may change the fees.
contract FeeVault is ERC4626 {
    using Math for uint256;

    uint256 private constant BASIS = 10_000;
    address private immutable _collector;
    uint256 private _entry;
    uint256 private _exit;

    constructor(IERC20 asset_, string memory name_, string memory symbol_, address collector_)
        ERC20(name_, symbol_)
        ERC4626(asset_)
    {
        _collector = collector_;
    }

    function setFees(uint256 entry_, uint256 exit_) external {
        _entry = entry_;
        _exit = exit_;
    }

    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return super.previewDeposit(assets - _within(assets, _entry));
    }

    function previewMint(uint256 shares) public view override returns (uint256) {
        uint256 assets = super.previewMint(shares);
        return assets + _onTop(assets, _entry);
    }

    function previewWithdraw(uint256 assets) public view override returns (uint256) {
        return super.previewWithdraw(assets + _onTop(assets, _exit));
    }

    function previewRedeem(uint256 shares) public view override returns (uint256) {
        uint256 assets = super.previewRedeem(shares);
        return assets - _within(assets, _exit);
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        uint256 fee = _within(assets, _entry);
        super._deposit(caller, receiver, assets, shares);
        _collect(fee);
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        uint256 fee = _onTop(assets, _exit);
        super._withdraw(caller, receiver, owner, assets, shares);
        _collect(fee);
    }

    function _collect(uint256 fee) private {
        if (fee > 0) SafeERC20.safeTransfer(IERC20(asset()), _collector, fee);
    }

    function _onTop(uint256 assets, uint256 fee) private pure returns (uint256) {
        return assets.mulDiv(fee, BASIS, Math.Rounding.Ceil);
    }

    function _within(uint256 assets, uint256 fee) private pure returns (uint256) {
        return assets.mulDiv(fee, fee + BASIS, Math.Rounding.Ceil);
    }
}
