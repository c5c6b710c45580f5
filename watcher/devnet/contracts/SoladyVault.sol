// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC4626} from "solady/src/tokens/ERC4626.sol";

interface IDecimals {
    function decimals() external view returns (uint8);
}

/// solady's ERC-4626 as it is, with virtual shares or without.
contract SoladyVault is ERC4626 {
    address private immutable _asset;
    uint8 private immutable _decimals;
    uint8 private immutable _offset;
    bool private immutable _virtual;
    string private _name;
    string private _symbol;

    constructor(address asset_, string memory name_, string memory symbol_, bool virtual_, uint8 offset_) {
        _asset = asset_;
        _decimals = IDecimals(asset_).decimals();
        _offset = offset_;
        _virtual = virtual_;
        _name = name_;
        _symbol = symbol_;
    }

    function asset() public view override returns (address) {
        return _asset;
    }

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    function _underlyingDecimals() internal view override returns (uint8) {
        return _decimals;
    }

    function _decimalsOffset() internal view override returns (uint8) {
        return _offset;
    }

    function _useVirtualShares() internal view override returns (bool) {
        return _virtual;
    }
}
