// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// The LP token that a CryptoSwap pool of the first generation mints and burns.
contract CryptoToken is ERC20("LP", "LP") {
    address public minter;

    constructor() {
        minter = msg.sender;
    }

    modifier onlyMinter() {
        require(msg.sender == minter, "only the minter");
        _;
    }

    function set_minter(address minter_) external onlyMinter {
        minter = minter_;
    }

    function mint(address to, uint256 amount) external onlyMinter returns (bool) {
        _mint(to, amount);
        return true;
    }

    /// More by `frac` parts of 10**18, all of it for `to`.
    function mint_relative(address to, uint256 frac) external onlyMinter returns (uint256 amount) {
        amount = (totalSupply() * frac) / 1e18;
        _mint(to, amount);
    }

    function burnFrom(address from, uint256 amount) external onlyMinter returns (bool) {
        _burn(from, amount);
        return true;
    }
}
