// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IToken {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

interface IPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function swap(address to, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1);
}

interface IPancakeV3Pool {
    function mint(address owner, int24 lower, int24 upper, uint128 liquidity, bytes calldata data)
        external
        returns (uint256 amount0, uint256 amount1);
}

interface IAlgebraPool {
    function mint(
        address leftovers,
        address owner,
        int24 lower,
        int24 upper,
        uint128 liquidity,
        bytes calldata data
    ) external returns (uint256 amount0, uint256 amount1, uint128 actual);
}

/// Swaps and opens positions directly in pools of Pancake V3 and of Algebra Integral, whose routers
/// no package brings: the caller pays, the positions are this contract's.
contract TickTrader {
    address private _pool;
    address private _payer;

    modifier paid(address pool) {
        (_pool, _payer) = (pool, msg.sender);
        _;
        (_pool, _payer) = (address(0), address(0));
    }

    function swap(address pool, bool zeroForOne, int256 amount, uint160 limit)
        external
        paid(pool)
        returns (int256 amount0, int256 amount1)
    {
        return IPool(pool).swap(msg.sender, zeroForOne, amount, limit, "");
    }

    function mintPancake(address pool, int24 lower, int24 upper, uint128 liquidity)
        external
        paid(pool)
        returns (uint256 amount0, uint256 amount1)
    {
        return IPancakeV3Pool(pool).mint(address(this), lower, upper, liquidity, "");
    }

    function mintAlgebra(address pool, int24 lower, int24 upper, uint128 liquidity)
        external
        paid(pool)
        returns (uint256 amount0, uint256 amount1)
    {
        (amount0, amount1,) =
            IAlgebraPool(pool).mint(msg.sender, address(this), lower, upper, liquidity, "");
    }

    function pancakeV3MintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        _pay(int256(amount0), int256(amount1));
    }

    function algebraMintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        _pay(int256(amount0), int256(amount1));
    }

    function pancakeV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function algebraSwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function _pay(int256 amount0, int256 amount1) private {
        require(msg.sender == _pool, "not the pool that was called");
        if (amount0 > 0) _transfer(IPool(_pool).token0(), uint256(amount0));
        if (amount1 > 0) _transfer(IPool(_pool).token1(), uint256(amount1));
    }

    function _transfer(address token, uint256 amount) private {
        require(IToken(token).transferFrom(_payer, _pool, amount), "not paid");
    }
}
