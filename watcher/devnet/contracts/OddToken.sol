// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// A token that keeps a part of what is sent, and whose balances change by themselves.
contract OddToken {
    uint256 private constant ONE = 1e18;

    string public constant symbol = "ODD";
    uint8 public constant decimals = 18;
    uint256 public totalSupply;
    /// A balance is the holder's parts times this, over 10**18, rounded down.
    uint256 public factor = ONE;
    /// Kept of each transfer, in basis points.
    uint256 public fee;

    mapping(address => uint256) private _parts;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    /// All balances at once: `factor_` over 10**18 of what was minted.
    function rebase(uint256 factor_) external {
        factor = factor_;
    }

    function mint(address to, uint256 amount) external {
        _parts[to] += _toParts(amount);
        totalSupply += amount;
        emit Transfer(address(0), to, amount);
    }

    function balanceOf(address holder) external view returns (uint256) {
        return (_parts[holder] * factor) / ONE;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _transfer(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _transfer(from, to, amount);
    }

    function _transfer(address from, address to, uint256 amount) private returns (bool) {
        uint256 kept = (amount * fee) / 10_000;
        _parts[from] -= _toParts(amount);
        _parts[to] += _toParts(amount - kept);
        totalSupply -= kept;
        emit Transfer(from, to, amount - kept);
        return true;
    }

    function _toParts(uint256 amount) private view returns (uint256) {
        return (amount * ONE) / factor;
    }
}
