// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

interface IYearnVault {
    function token() external view returns (address);
    function report(uint256 gain, uint256 loss, uint256 payment) external returns (uint256);
}

/// A strategy of a Yearn vault V2 that keeps what it is lent. What is sent to it is its gain; whoever
/// has it spend something makes its loss.
contract YearnStrategy {
    address public immutable vault;
    address public immutable want;

    constructor(address vault_) {
        vault = vault_;
        want = IYearnVault(vault_).token();
        IERC20(want).approve(vault_, type(uint256).max);
    }

    function isActive() external pure returns (bool) {
        return true;
    }

    function delegatedAssets() external pure returns (uint256) {
        return 0;
    }

    function estimatedTotalAssets() public view returns (uint256) {
        return IERC20(want).balanceOf(address(this));
    }

    /// Reports what it has more or less than it owes, and takes what the vault then lends it.
    function harvest(uint256 owed) external {
        uint256 held = estimatedTotalAssets();
        if (held >= owed) IYearnVault(vault).report(held - owed, 0, 0);
        else IYearnVault(vault).report(0, owed - held, 0);
    }

    function spend(uint256 amount) external {
        IERC20(want).transfer(address(0xdead), amount);
    }

    function withdraw(uint256 amount) external returns (uint256 loss) {
        require(msg.sender == vault, "not the vault");
        uint256 held = estimatedTotalAssets();
        uint256 paid = amount < held ? amount : held;
        IERC20(want).transfer(vault, paid);
        return amount - paid;
    }
}
