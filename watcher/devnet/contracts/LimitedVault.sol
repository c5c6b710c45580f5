// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC4626, ERC20, IERC20} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// A vault whose assets may be elsewhere: it takes no more than its cap, and pays out what is at hand.
/// Anybody may set the cap and move assets to the desk and back.
contract LimitedVault is ERC4626 {
    address private immutable _desk;
    uint256 private _cap = type(uint256).max;
    uint256 public deployed;

    constructor(IERC20 asset_, string memory name_, string memory symbol_, address desk_)
        ERC20(name_, symbol_)
        ERC4626(asset_)
    {
        _desk = desk_;
    }

    function setCap(uint256 cap_) external {
        _cap = cap_;
    }

    function deploy(uint256 amount) external {
        deployed += amount;
        SafeERC20.safeTransfer(IERC20(asset()), _desk, amount);
    }

    /// The desk brings `amount` back, more than it was given or less.
    function settle(uint256 amount) external {
        deployed -= Math.min(deployed, amount);
        SafeERC20.safeTransferFrom(IERC20(asset()), _desk, address(this), amount);
    }

    function totalAssets() public view override returns (uint256) {
        return super.totalAssets() + deployed;
    }

    function maxDeposit(address) public view override returns (uint256) {
        uint256 held = totalAssets();
        return held < _cap ? _cap - held : 0;
    }

    function maxMint(address receiver) public view override returns (uint256) {
        uint256 most = maxDeposit(receiver);
        return most > type(uint128).max ? most : _convertToShares(most, Math.Rounding.Floor);
    }

    function maxWithdraw(address owner) public view override returns (uint256) {
        return Math.min(super.maxWithdraw(owner), super.totalAssets());
    }

    function maxRedeem(address owner) public view override returns (uint256) {
        return Math.min(super.maxRedeem(owner), _convertToShares(super.totalAssets(), Math.Rounding.Floor));
    }
}
