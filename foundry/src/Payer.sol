// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IPair {
    function token0() external view returns (address);
    function token1() external view returns (address);
}

/// The code of whoever acts in a simulation, placed by a state override and deployed nowhere: it pays
/// what a pool with ticks asks for during a swap. It guards nothing, for it holds nothing real.
contract Payer {
    receive() external payable {}

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function pancakeV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function algebraSwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function _pay(int256 amount0, int256 amount1) private {
        if (amount0 > 0) _transfer(IPair(msg.sender).token0(), uint256(amount0));
        if (amount1 > 0) _transfer(IPair(msg.sender).token1(), uint256(amount1));
    }

    /// Older tokens answer nothing.
    function _transfer(address token, uint256 amount) private {
        (bool ok, bytes memory answer) =
            token.call(abi.encodeWithSignature("transfer(address,uint256)", msg.sender, amount));
        require(ok && (answer.length == 0 || abi.decode(answer, (bool))), "not paid");
    }
}
