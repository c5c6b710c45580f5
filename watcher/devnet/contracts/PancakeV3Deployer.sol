// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// Deploys Pancake V3's pools for its factory, as PancakeV3PoolDeployer does, whose build no package
/// brings: a pool asks whoever creates it for its parameters.
contract PancakeV3Deployer {
    struct Parameters {
        address factory;
        address token0;
        address token1;
        uint24 fee;
        int24 tickSpacing;
    }

    Parameters public parameters;
    address private immutable _creationCode;

    /// The pool's creation code is kept as another contract's code.
    constructor(bytes memory creationCode) {
        bytes memory keeper =
            abi.encodePacked(hex"61", uint16(creationCode.length), hex"80600a3d393df3", creationCode);
        address kept;
        assembly {
            kept := create(0, add(keeper, 32), mload(keeper))
        }
        require(kept != address(0), "the creation code was not kept");
        _creationCode = kept;
    }

    function deploy(address factory, address token0, address token1, uint24 fee, int24 tickSpacing)
        external
        returns (address pool)
    {
        parameters = Parameters(factory, token0, token1, fee, tickSpacing);
        bytes memory code = _creationCode.code;
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        assembly {
            pool := create2(0, add(code, 32), mload(code), salt)
        }
        require(pool != address(0), "the pool was not created");
        delete parameters;
    }
}
